package service

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxLog bounds the activity log; the oldest entries go first.
const maxLog = 200_000

type logEntry struct {
	at       time.Time
	user     string
	kind     string // USER, TEAM
	object   string
	activity string
}

// record notes what a SCIM call did under the OAuth client's name, as the tenant does.
func (s *Service) record(q *request, kind, object, activity string) {
	actor := q.call.Actor
	if actor == "" {
		actor = "SCIM"
	}
	s.recordAs(actor, kind, object, activity)
}

func (s *Service) recordAs(actor, kind, object, activity string) {
	if len(s.state.log) >= maxLog {
		s.state.log = slices.Clone(s.state.log[maxLog/2:])
	}
	s.state.log = append(s.state.log, logEntry{at: s.now().UTC(), user: actor, kind: kind, object: object, activity: activity})
}

// exportActivities answers CSV: four lines that clients skip, the names of the columns on the third
// (script 4101), then rows whose third and fifth columns are the user and whose eighth is the time in
// UTC (script 1665). The header epm-page-count tells how many pages there are.
func (s *Service) exportActivities(q *request) reply {
	if !s.settings.on(setLogAccess) {
		return q.refuse(http.StatusUnauthorized, "", "The OAuth client has no access to activities.")
	}
	wanted := ""
	if len(strings.TrimSpace(string(q.raw))) > 0 {
		body, err := parseObject(q.raw)
		if err != nil {
			return q.refuse(http.StatusBadRequest, "", textInvalid)
		}
		v, _ := body.get("activity")
		wanted, _ = v.(string)
	}
	rows := s.activities(wanted, strings.EqualFold(q.query.Get("sortDescending"), "true"))
	size, index := positive(q.query.Get("pageSize"), len(rows)), positive(q.query.Get("pageIndex"), 1)
	pages := (len(rows) + size - 1) / max(size, 1)
	// Compare before multiplying: a huge page index must not overflow.
	from := len(rows)
	if index <= pages {
		from = (index - 1) * size
	}
	page := rows[from:min(from+size, len(rows))]
	q.call.Work = Work{Kind: WorkPage, Rows: len(page)}
	return reply{
		status: http.StatusOK, body: s.activityCSV(page), ctype: "text/csv;charset=UTF-8",
		header: map[string]string{"epm-page-count": strconv.Itoa(pages)},
	}
}

func positive(s string, def int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return max(def, 1)
	}
	return n
}

func (s *Service) activities(wanted string, descending bool) []logEntry {
	var rows []logEntry
	for _, e := range s.state.log {
		if wanted == "" || strings.EqualFold(e.activity, wanted) {
			rows = append(rows, e)
		}
	}
	slices.SortStableFunc(rows, func(a, b logEntry) int {
		if descending {
			a, b = b, a
		}
		return a.at.Compare(b.at)
	})
	return rows
}

func (s *Service) activityCSV(rows []logEntry) string {
	var b strings.Builder
	line := func(columns ...string) {
		for i, c := range columns {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(c, `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	line("Activities Log")
	line("Exported on", stampLog(s.now()))
	line("Object Type", "File Name", "Object Name", "Description", "User Name", "Activity", "Status", "Timestamp",
		"Previous Value", "Current Value")
	b.WriteString("\r\n")
	for _, e := range rows {
		line(e.kind, "", e.user, e.object, e.user, e.activity, "Success", stampLog(e.at), "", "")
	}
	return b.String()
}

func stampLog(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
