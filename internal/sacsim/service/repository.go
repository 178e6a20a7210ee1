package service

import (
	"encoding/json"
	"net/http"
)

type contentDoc struct {
	CreatedBy    string `json:"createdBy"`
	AncestorPath string `json:"ancestorPath"`
}

// listRepository answers OData v2; a path is a JSON list inside a string. While the tenant indexes
// its metadata anew the answer is 501 (script 1002).
func (s *Service) listRepository(q *request) reply {
	if s.settings.on(setReindexing) {
		return q.refuse(http.StatusNotImplemented, "", "Metadata re-indexing is in progress.")
	}
	docs := make([]contentDoc, 0, len(s.state.repository))
	for _, c := range s.state.repository {
		path := c.AncestorPath
		if path == nil {
			path = []string{}
		}
		raw, err := json.Marshal(path)
		if err != nil {
			return q.refuse(http.StatusInternalServerError, "", err.Error())
		}
		docs = append(docs, contentDoc{CreatedBy: c.CreatedBy, AncestorPath: string(raw)})
	}
	q.call.Work = Work{Kind: WorkPage, Rows: len(docs)}
	return ok(map[string]any{"d": map[string]any{"results": docs}})
}
