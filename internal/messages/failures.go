package messages

import (
	"fmt"
	"strings"

	"sacbridge/internal/upstream"
)

// failure has the words of what a call, or a run, failed by. They name nobody, for they stand for all
// failures of one cause; whom each is about, and what the tenant said, stands with the failure itself.
type failure struct {
	title, cause string
	check        string
	cure         func(Surface) string // nil where there is nothing to cure
}

func fixedCure(s string) func(Surface) string { return func(Surface) string { return s } }

// OfCause gives the words of a cause key, which is a class and a code: "refused/no-licence". An unknown code
// has the words of its class.
func OfCause(key string, surface Surface) Words {
	class, code, _ := strings.Cut(key, "/")
	f, known := failures[code]
	if !known {
		f, known = classes[class]
		if status, ok := strings.CutPrefix(code, "status-"); ok {
			f.cause += fmt.Sprintf(" (status %s)", status)
		}
	}
	if !known {
		return Words{Code: code, Title: titleOfCode(code), Cause: titleOfCode(code)}
	}
	w := Words{Code: code, Title: f.title, Cause: f.cause, Check: f.check}
	if f.cure != nil {
		w.Cure = f.cure(surface)
	}
	return w
}

// classes has the words of failures that have no code of their own.
var classes = map[string]failure{
	string(upstream.RetryNow):    {title: "no effect", cause: "the call had no effect, however often it was repeated", cure: resume},
	string(upstream.RetryLater):  {title: "busy", cause: "the tenant asked to wait for longer than the run did", cure: resume},
	string(upstream.Refused):     {title: "refused", cause: "the tenant refuses the request, and would again", check: "read what it said"},
	string(upstream.Credentials): {title: "credentials refused", cause: "the tenant does not accept the credentials, or they lack a right", cure: checkClient},
	string(upstream.Gone):        {title: "gone", cause: "it does not exist in the tenant (any more)", cure: newPlan},
	string(upstream.Conflict):    {title: "taken", cause: "a name, e-mail or login ID belongs to somebody else", cure: newPlan},
	string(upstream.Unknown):     {title: "outcome unknown", cause: "it is not known whether the write took effect", cure: resume},
	string(upstream.Cancelled):   {title: "cancelled", cause: "the run ended before the call did", cure: resume},
	string(upstream.NotSent):     {title: "not sent", cause: "the run was stopping, or had lost its lease, so that nothing was sent", cure: resume},
	string(upstream.Changed):     {title: "changed meanwhile", cause: "somebody else changed it meanwhile, so that it was left alone", cure: newPlan},
	"run":                        {title: "failed", cause: "the run could not do it", cure: resume},
}

// resume is the cure of what may well succeed later.
func resume(surface Surface) string {
	if surface == Transport {
		return "try again with transport runs resume RUN"
	}
	return "resume the run"
}

// newPlan is the cure of what the tenant is not as the plan saw it.
func newPlan(surface Surface) string {
	if surface == Transport {
		return "run the command again for a new plan"
	}
	return "make a new plan"
}

// checkClient is the cure of credentials that are refused.
func checkClient(surface Surface) string {
	if surface == Transport {
		return "see what is wrong with transport doctor"
	}
	return "compare client ID, secret and token URL with the tenant's OAuth client"
}
