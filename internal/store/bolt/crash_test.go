package bolt_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sacbridge/internal/directory"
	"sacbridge/internal/store/bolt"
)

// The environment that makes the test binary a child which writes until it is killed, or until its
// file may not grow any more.
const (
	childPath  = "SACBRIDGE_TEST_WRITE"
	childLimit = "SACBRIDGE_TEST_LIMIT"
)

func TestMain(m *testing.M) {
	ctx := context.Background() //nolint:forbidigo // a child process is called by nobody
	if path := os.Getenv(childPath); path != "" {
		if err := writeForever(ctx, path, os.Getenv(childLimit)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if path := os.Getenv(childMeasure); path != "" {
		if err := measureHere(ctx, path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

const testSource directory.SourceID = "crash"

// writeForever writes with 64 goroutines and says on stdout what was acknowledged: "u <id>" for a user,
// "m <id>" for a member of the group. With a limit in bytes the file cannot outgrow it; the first error
// ends it then.
func writeForever(ctx context.Context, path, limit string) error {
	if limit != "" {
		if err := limitFileSize(limit); err != nil {
			return err
		}
	}
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	s, err := db.Directory()
	if err != nil {
		return err
	}
	writing, cancel := context.WithCancel(ctx)
	defer cancel()
	team, err := anyGroup(ctx, s)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	fails := make(chan error, 64)
	for range 64 {
		all.Go(func() { fails <- writeUsers(writing, s, team) })
	}
	err = <-fails
	cancel()
	all.Wait()
	return errors.Join(err, readAfterFailure(ctx, s), db.Close())
}

// readAfterFailure makes sure that a store which could not write still reads.
func readAfterFailure(ctx context.Context, s directory.Store) error {
	return s.View(ctx, testSource, func(tx directory.ReadTx) error {
		_, err := tx.Count(directory.User)
		return err
	})
}

// anyGroup gives the group, which the first child creates.
func anyGroup(ctx context.Context, s directory.Store) (id directory.ID, err error) {
	err = s.View(ctx, testSource, func(tx directory.ReadTx) error {
		for r, err := range tx.Scan(directory.Group, directory.ID{}, false) {
			id = r.ID
			return err
		}
		return nil
	})
	if err != nil || !id.IsZero() {
		return id, err
	}
	if id, err = directory.NewID(time.Now()); err != nil {
		return id, err
	}
	h := directory.Header{Kind: directory.Group, ID: id, DisplayName: "team"}
	_, err = s.Commit(ctx, testSource, directory.Change{At: time.Now(), Puts: []directory.Put{{Record: directory.Record{Header: h, JSON: []byte("{}")}}}})
	return id, err
}

func writeUsers(ctx context.Context, s directory.Store, team directory.ID) error {
	for {
		id, err := directory.NewID(time.Now())
		if err != nil {
			return err
		}
		c := directory.Change{At: time.Now(), Puts: []directory.Put{{Record: sample(id)}}}
		if _, err := s.Commit(ctx, testSource, c); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(os.Stdout, "u %s\n", id); err != nil {
			return err
		}
		c = directory.Change{At: time.Now(), Members: []directory.MemberChange{
			{Group: team, Expect: directory.AnyRevision, Op: directory.AddMembers, Members: []directory.Member{{ID: id}}},
		}}
		if _, err := s.Commit(ctx, testSource, c); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(os.Stdout, "m %s\n", id); err != nil {
			return err
		}
	}
}

// sample is a user of a kilobyte.
func sample(id directory.ID) directory.Record {
	name := "user-" + id.String() + "@example.test"
	return directory.Record{
		Header: directory.Header{
			Kind: directory.User, ID: id, UserName: name, ExternalID: id.String()[9:], DisplayName: "Sample " + id.String()[:8],
			GivenName: "Sample", FamilyName: id.String()[:8], Active: true, HasActive: true,
			Emails: []directory.Email{{Value: name, Type: "work", Primary: true}},
		},
		JSON: fmt.Appendf(nil, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"nickName":%q}`, name, strings.Repeat("n", 900)),
	}
}

// child starts the test binary as a writer of path.
func child(t *testing.T, path, limit string) (cmd *exec.Cmd, acknowledged io.Reader, stderr *strings.Builder) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childPath+"="+path, childLimit+"="+limit)
	stderr = &strings.Builder{}
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out, stderr
}

// verify opens a file and looks for everything that was acknowledged.
func verify(t *testing.T, path string, acknowledged []string) {
	t.Helper()
	db, s := openDirectory(t, path, bolt.Options{})
	lost := 0
	err := s.View(t.Context(), testSource, func(tx directory.ReadTx) error {
		var team directory.ID
		for r, err := range tx.Scan(directory.Group, directory.ID{}, false) {
			if err != nil {
				return err
			}
			team = r.ID
		}
		for _, line := range acknowledged {
			id, err := directory.ParseID(line[2:])
			if err != nil {
				return err
			}
			ok := false
			if line[0] == 'm' {
				var found []bool
				found, err = tx.Contains(team, []directory.ID{id})
				ok = err == nil && found[0]
			} else if _, err = tx.Get(directory.User, id); err == nil {
				ok = true
			}
			if err != nil && !errors.Is(err, directory.ErrNotFound) {
				return err
			}
			if !ok {
				lost++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged writes are lost", lost, len(acknowledged))
	}
	report, err := s.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK() {
		t.Errorf("%d faults, the first: %+v", len(report.Faults), report.Faults[0])
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAcknowledgedWritesSurviveKill9(t *testing.T) {
	t.Parallel()
	path := tempFile(t)
	var acknowledged []string
	for round := range 10 {
		cmd, out, stderr := child(t, path, "")
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			acknowledged = append(acknowledged, lines.Text())
			if n == 100+137*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
			t.Fatalf("round %d: got %v and %q, want a killed child", round, err, stderr)
		}
		// The last line may be cut where the kill struck a write to the pipe.
		if last := acknowledged[len(acknowledged)-1]; len(last) != 38 {
			acknowledged = acknowledged[:len(acknowledged)-1]
		}
		verify(t, path, acknowledged)
	}
	t.Logf("%d acknowledged writes, 10 kills", len(acknowledged))
}

func TestAFullDiskIsAClearErrorAndLosesNothing(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("nothing limits the size of a process's files")
	}
	path := tempFile(t)
	cmd, out, stderr := child(t, path, fmt.Sprint(4<<20))
	var acknowledged []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		acknowledged = append(acknowledged, lines.Text())
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child wrote on without space")
	}
	if !strings.Contains(stderr.String(), "the disk is full") || !strings.Contains(stderr.String(), path) {
		t.Errorf("got %q, want it to name the file and the cause", stderr)
	}
	if len(acknowledged) < 100 {
		t.Errorf("only %d writes before the disk was full", len(acknowledged))
	}
	verify(t, path, acknowledged)
}
