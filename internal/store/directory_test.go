package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

func drawID(rt *rapid.T) (id directory.ID) {
	copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "id"))
	return id
}

func drawTime(rt *rapid.T) time.Time {
	return time.UnixMilli(rapid.Int64Range(0, 1<<48).Draw(rt, "time")).UTC()
}

func drawRecord(rt *rapid.T) directory.Record {
	text := func() string { return rapid.String().Draw(rt, "text") }
	r := directory.Record{JSON: []byte(text()), Header: directory.Header{
		Kind: directory.Kind(rapid.IntRange(1, 2).Draw(rt, "kind")), ID: drawID(rt), Revision: rapid.Uint64().Draw(rt, "revision"),
		Last:    directory.Seq(rapid.Uint64().Draw(rt, "last")),
		Created: drawTime(rt), Modified: drawTime(rt), Members: rapid.Int64Range(0, 1<<50).Draw(rt, "members"),
		ExternalID: text(), DisplayName: text(), UserName: text(), GivenName: text(), FamilyName: text(), UserType: text(), Department: text(), Manager: text(),
		Active: rapid.Bool().Draw(rt, "active"), HasActive: rapid.Bool().Draw(rt, "said"), EmailsIncomplete: rapid.Bool().Draw(rt, "more"), EmptyTexts: rapid.Bool().Draw(rt, "blank"),
	}}
	for range rapid.IntRange(0, 3).Draw(rt, "emails") {
		r.Emails = append(r.Emails, directory.Email{Value: text(), Type: text(), Primary: rapid.Bool().Draw(rt, "primary")})
	}
	return r
}

func TestRecordsEventsAndDeletedRecordsReadBackAsTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		record := drawRecord(rt)
		got, err := store.DecodeRecord(record.ID, store.EncodeRecord(&record))
		if diff := cmp.Diff(got, record, cmpopts.EquateEmpty()); diff != "" || err != nil {
			rt.Fatalf("record (-got +want), error %v:\n%s", err, diff)
		}
		deleted := directory.DeletedRecord{Record: record, At: drawTime(rt), By: "me", Purging: rapid.Bool().Draw(rt, "purging")}
		event := directory.Event{
			Seq: 7, At: drawTime(rt), By: rapid.String().Draw(rt, "by"), Op: directory.Updated, Kind: directory.Group, ID: record.ID, Revision: 9, Prev: 5,
			Changed: rapid.SliceOf(rapid.String()).Draw(rt, "changed"),
		}
		for range rapid.IntRange(0, 3).Draw(rt, "ids") {
			id := drawID(rt)
			event.Added, event.Removed = append(event.Added, id), append(event.Removed, record.ID)
			deleted.Groups = append(deleted.Groups, directory.MemberEdge{Group: id, Member: record.ID, Kind: directory.User, Display: "d"})
		}
		gotEvent, err := store.DecodeEvent(7, store.EncodeEvent(&event))
		if diff := cmp.Diff(gotEvent, event, cmpopts.EquateEmpty()); diff != "" || err != nil {
			rt.Fatalf("event (-got +want), error %v:\n%s", err, diff)
		}
		gotDeleted, err := store.DecodeDeleted(record.ID, store.EncodeDeleted(&deleted))
		if diff := cmp.Diff(gotDeleted, deleted, cmpopts.EquateEmpty()); diff != "" || err != nil {
			rt.Fatalf("deleted (-got +want), error %v:\n%s", err, diff)
		}
	})
}

// Whatever stands in a file, reading it ends with a value that encodes to what decodes to it, or an error.
func FuzzDirectoryRecords(f *testing.F) {
	r := directory.Record{Header: directory.Header{Kind: directory.User, UserName: "anna", Emails: []directory.Email{{Value: "a@b", Type: "work"}}}, JSON: []byte("{}")}
	r.Created, r.Modified = time.UnixMilli(5), time.UnixMilli(6)
	event := directory.Event{Op: directory.Created, Kind: directory.User, Changed: []string{"a"}, Added: make([]directory.ID, 2)}
	event.At = time.UnixMilli(7)
	deleted := directory.DeletedRecord{Record: r, At: time.UnixMilli(8), Groups: make([]directory.MemberEdge, 1)}
	for _, seed := range [][]byte{nil, {2}, store.EncodeRecord(&r), store.EncodeEvent(&event), store.EncodeDeleted(&deleted)} {
		f.Add(seed)
		f.Add(append(seed, 0xff))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, err := store.DecodeRecord(directory.ID{}, raw); err == nil {
			again, err := store.DecodeRecord(directory.ID{}, store.EncodeRecord(&r))
			if diff := cmp.Diff(again.Emails, r.Emails, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("record, error %v:\n%s", err, diff)
			}
		}
		if e, err := store.DecodeEvent(1, raw); err == nil {
			if _, err := store.DecodeEvent(1, store.EncodeEvent(&e)); err != nil {
				t.Errorf("event: %v", err)
			}
		}
		if d, err := store.DecodeDeleted(directory.ID{}, raw); err == nil {
			if _, err := store.DecodeDeleted(directory.ID{}, store.EncodeDeleted(&d)); err != nil {
				t.Errorf("deleted record: %v", err)
			}
		}
	})
}
