package sacsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"sacbridge/internal/sacsim/service"
)

// WrongAnswer is what a wrong-answer fault puts in the place of the true answer.
type WrongAnswer string

// The wrong answers.
const (
	AnswerError  WrongAnswer = "error"  // {"error": …}
	AnswerEmpty  WrongAnswer = "empty"  // {}
	AnswerArray  WrongAnswer = "array"  // []
	AnswerList   WrongAnswer = "list"   // a page of all entities of that kind
	AnswerOther  WrongAnswer = "other"  // another entity of that kind
	AnswerBefore WrongAnswer = "before" // the entity as it was before the request; for a create the same as empty
	AnswerNone   WrongAnswer = "none"   // no body
)

func answers() []WrongAnswer {
	return []WrongAnswer{AnswerError, AnswerEmpty, AnswerArray, AnswerList, AnswerOther, AnswerBefore, AnswerNone}
}

// checkAnswer refuses answers and items that do not go with the action.
func (f Fault) checkAnswer() error {
	wrong := f.Action == ActWrongAnswer || f.Action == ActWrongAnswerAfterWrite
	switch {
	case wrong && !slices.Contains(answers(), f.Answer):
		return fmt.Errorf(`"answer" %q is not one of %v`, f.Answer, answers())
	case !wrong && f.Answer != "":
		return fmt.Errorf(`"answer" does not go with the action %q`, f.Action)
	case f.Items != nil && !f.Action.aboutItems():
		return fmt.Errorf(`"items" does not go with the action %q`, f.Action)
	case slices.ContainsFunc(f.Items, func(n int) bool { return n < 1 }):
		return errors.New(`"items" counts from 1`)
	}
	return nil
}

// wrongAnswer is what the fault says instead of the true answer; before is the entity as it was.
func (c *gatewayCall) wrongAnswer(before []byte) *answer {
	status := c.fault.status()
	var body []byte
	switch c.fault.Answer {
	case AnswerError:
		return jsonAnswer(status, map[string]string{"error": "internal server error"})
	case AnswerEmpty:
		return jsonAnswer(status, struct{}{})
	case AnswerArray:
		return jsonAnswer(status, []string{})
	case AnswerList:
		body = c.read(c.collection(), url.Values{})
	case AnswerOther:
		body = c.otherEntity()
	case AnswerBefore:
		body = before
	case AnswerNone:
		return &answer{status: status, header: http.Header{}}
	}
	if body == nil {
		body = []byte("{}")
	}
	a := newAnswer()
	a.header.Set("Content-Type", "application/json")
	a.status = status
	a.WritePieces(body)
	return a
}

// resourceBefore is the entity that the request is about, where the fault will want to know it after a write.
func (c *gatewayCall) resourceBefore() []byte {
	if c.fault.Action != ActWrongAnswerAfterWrite || c.fault.Answer != AnswerBefore {
		return nil
	}
	return c.resource()
}

// resource reads the one entity that the request's path names; nil where it names none.
func (c *gatewayCall) resource() []byte {
	if c.collection() == strings.TrimSuffix(c.r.URL.Path, "/") {
		return nil
	}
	return c.read(c.r.URL.EscapedPath(), url.Values{})
}

// otherEntity reads one of the same kind that the request is not about.
func (c *gatewayCall) otherEntity() []byte {
	var page struct {
		Resources []json.RawMessage `json:"Resources"`
	}
	if json.Unmarshal(c.read(c.collection(), url.Values{"count": {"2"}}), &page) != nil {
		return nil
	}
	for _, entity := range page.Resources {
		var key struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(entity, &key) == nil && key.ID != path.Base(c.r.URL.Path) {
			return entity
		}
	}
	return nil
}

// collection is the path of the users or teams that the request is about; Bulk is about users.
func (c *gatewayCall) collection() string {
	parts := strings.Split(strings.TrimSuffix(c.r.URL.Path, "/"), "/")
	if len(parts) < 5 {
		return c.r.URL.Path
	}
	if parts[4] == "Bulk" {
		parts[4] = "Users"
	}
	return strings.Join(parts[:5], "/")
}

// read asks the tenant past the gateway; nil where it finds nothing.
func (c *gatewayCall) read(target string, query url.Values) []byte {
	ctx := service.WithCall(c.r.Context(), &service.Call{})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return nil
	}
	if a := c.run(r); a.status == http.StatusOK {
		return bytes.TrimSpace(a.body())
	}
	return nil
}

// conflict is the tenant's answer to something that is there already, in the shape of the version.
func (c *gatewayCall) conflict() *answer {
	const detail = "The resource exists already."
	if strings.HasPrefix(c.r.URL.Path, "/api/v1/scim/") {
		return jsonAnswer(http.StatusConflict, map[string]any{
			"status": "409", "code": "409", "message": detail, "stack": "", "detail": []string{detail},
		})
	}
	return jsonAnswer(http.StatusConflict, map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": "409", "scimType": "uniqueness", "detail": detail,
	})
}
