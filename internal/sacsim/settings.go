package sacsim

import (
	"encoding/json"
	"fmt"
	"time"

	"sacbridge/internal/sacsim/service"
)

// settings are the options that the server around the tenant honours. They are keys of the seed's
// settings like the tenant's own, except for bulkItemForbidden, which only /__settings takes.
type settings struct {
	stateless        bool          // no session cookies; a CSRF token holds for its access token
	userProvisioning bool          // the OAuth client has the access tick for SCIM
	activities       bool          // and the one for the activity log
	neoHTML          bool          // NEO answers a GET without a bearer with 200 and a page
	needsRead        bool          // a new access token needs a read, and so a session, of its own
	userSession      bool          // data integration takes any bearer for a user's
	idle             time.Duration // 0: sessions do not expire
	forbidden        int           // every so many operations of Bulk requests are answered 403
}

// keyForbidden is the setting that makes Bulk items fail as in a session that timed out half-way
// (script 2452).
const keyForbidden = "bulkItemForbidden"

// readSettings asks the tenant for what concerns the server.
func readSettings(svc *service.Service, forbidden int) settings {
	s := settings{
		stateless:        svc.Setting("stateless"),
		userProvisioning: svc.Setting("userProvisioning"),
		activities:       svc.Setting("activitiesAccess"),
		neoHTML:          svc.Setting("neoHTMLWithoutBearer"),
		needsRead:        svc.Setting("writeNeedsRead"),
		userSession:      svc.Setting("userSession"),
		forbidden:        forbidden,
	}
	if idle, ok := svc.NumberSetting("sessionIdleSeconds"); ok {
		s.idle = seconds(idle)
	}
	return s
}

// seconds turns modelled seconds into a duration.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// mergeSettings takes the server's own key and hands the others to the tenant; on an error nothing
// changes.
func (t *tenant) mergeSettings(raw []byte) error {
	var given map[string]json.RawMessage
	if err := strictJSON(raw, &given); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	forbidden := t.forbidden
	if own, ok := given[keyForbidden]; ok {
		if err := json.Unmarshal(own, &forbidden); err != nil || forbidden < 0 {
			return fmt.Errorf("setting %q must be a whole number, 0 or more", keyForbidden)
		}
		delete(given, keyForbidden)
	}
	rest, err := json.Marshal(given)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if err := t.svc.MergeSettings(rest); err != nil {
		return err
	}
	t.forbidden = forbidden
	return nil
}
