package service

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// LoginPage is what a session-only surface shows with status 200 to a caller who has yet to log in with a
// browser, the bearer of a client-credentials token included. Clients know it by the comment inside
// (comments on SAP's blog about scheduling data integration).
const LoginPage = `<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<!-- we should only load this content when not authenticated -->
<script>
var url = encodeURIComponent(location.pathname + location.search + location.hash);
if (window.self !== window.top) { window.open("/approuter/v1/embedded-auth"); }
else { location.replace("/approuter/v1/redirect?url=" + url); }
</script></head><body></body></html>
`

// dataIntegration is the unsupported scheduling interface: JSON for a user session, else the page.
func (s *Service) dataIntegration(q *request) reply {
	if !s.settings.on(setUserSession) {
		return reply{status: http.StatusOK, body: LoginPage, ctype: "text/html; charset=utf-8"}
	}
	switch q.query.Get("action") {
	case "runScheduledJob":
		sum := sha256.Sum256(q.raw)
		id := strings.ToUpper(hex.EncodeToString(sum[:16]))
		return ok(map[string]any{"status": http.StatusOK, "data": map[string]string{"scheduleId": id}})
	case "getScheduleLogsByModel", "getMappingById":
		return ok(map[string]any{"status": http.StatusOK, "data": []string{}})
	}
	return ok(map[string]any{"status": http.StatusBadRequest, "data": nil})
}
