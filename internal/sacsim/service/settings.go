package service

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Names of the settings. Each is a key of the seed's "settings"; where SAP's sources name two
// behaviours, the default is the first one of the specification.
const (
	// Transport, honoured by the server around the service.
	setStateless     = "stateless"            // no session cookies; CSRF tokens hold without them (KBA 3387282)
	setIdle          = "sessionIdleSeconds"   // sessions end after that many idle seconds; null: never
	setReadFirst     = "writeNeedsRead"       // a write needs a read in its session first (v1 scripts)
	setNeoHTML       = "neoHTMLWithoutBearer" // NEO answers a GET without a bearer with 200 and HTML (script 1601)
	setUserAccess    = "userProvisioning"     // the OAuth client may call SCIM (script 1002)
	setLogAccess     = "activitiesAccess"     // the OAuth client may read the activity log (script 1002)
	setUserSession   = "userSession"          // data integration sees a user session and answers JSON
	setReindexing    = "repositoryReindexing" // /api/v1/Repositories answers 501 (script 1002)
	setFlipLicence   = "defaultRolesFlip"     // default roles turn a new user's isConcurrent around (script 2666)
	setPutConflict   = "putConflictStatus"    // v1 PUT with a taken e-mail or userName: 400 (scripts) or 409 (IPS)
	setUserNameFixed = "userNameChangeStatus" // v1 PUT of userName under default and userid: 200 unchanged, or 400
	setEmailMapped   = "emailMapped"          // the IdP owns the e-mail: API writes are accepted and ignored
	setNamesMapped   = "namesMapped"          // the IdP owns the names, likewise (KBA 3411806)
	setLowerIDP      = "lowerCasesIdpUserId"  // a create lower-cases idpUserId and keeps the e-mail's case (script 2402)
	setMaxLicenses   = "maxLicenses"          // active users the licence allows; null: no limit
	setIgnoreActive  = "ignoreActiveV1"       // v1 PUT leaves active alone (KBA 3323872)
	setV2Inactive    = "v2CreatesInactive"    // v2 POST honours active:false (script 2666)
	setManagerDelete = "managerDeleteStatus"  // the status of deleting a manager of others
	setBulkMax       = "bulkMaxOperations"    // operations of one Bulk request
	setBulkBytes     = "bulkMaxPayloadSize"   // bytes of one Bulk request
	setBulkStatus    = "bulkItemStatus"       // where an item's status stands: "status" or "response.status"
	setBulkCreates   = "bulkCreatesUsers"     // Bulk takes POST /Users
	setTeamConflict  = "teamConflictStatus"   // the status of creating a team that exists
	setFolderDefault = "teamFolderByDefault"  // v2 POST without the folder header makes a folder
	setIgnoreNS      = "ignoreContentNamespaceForTeams"
	setWorkaround    = "implementWorkaroundForScimGroups" // KBA 2857395: v1 finds teams made since, by any route
	setRefuseMembers = "refuseUnknownMembers"             // a team write with an unknown member is 400, not a silent drop
	setMaxRemovals   = "maxRemovalsPerPatch"              // members one PATCH may remove (IPS)
	setMaxDisplay    = "maxTeamDisplayName"               // characters of a team's display name (script 1501)
	setMaxMembers    = "maxMembersPerPut"                 // members of one PUT (script 1103)
	setRolePatch     = "userRolePatch"                    // what PATCH add and remove do to a user's roles (KBA 3718579): see rolePatches
	setIgnored       = "ignoredAttributes"                // attributes whose updates are accepted and ignored
	setDropRoles     = "droppedRoles"                     // roles that writes accept and do not grant
	setDropMembers   = "droppedMembers"                   // users that team writes accept and do not add
	setSkew          = "clockSkewSeconds"                 // how far the tenant's clock is ahead of this machine's
)

// The values of userRolePatch. SAP's notes claim that single roles can be added and removed, so that is
// the default; the samples only ever replace the whole set.
const (
	rolePatchExact    = "exact"    // as RFC 7644 says
	rolePatchRefused  = "refused"  // 400: only replace is understood
	rolePatchIgnored  = "ignored"  // 200, and nothing happens
	rolePatchReplaces = "replaces" // the value becomes the whole set; a removal removes all
)

// choices are the values of the settings that are words.
func choices() map[string][]string {
	return map[string][]string{
		setBulkStatus: {"status", "response.status"},
		setRolePatch:  {rolePatchExact, rolePatchRefused, rolePatchIgnored, rolePatchReplaces},
	}
}

// settings holds every option by name: bool, float64, string, a list of strings, or nil for a number
// without a limit.
type settings map[string]any

func defaultSettings() settings {
	return settings{
		setStateless: false, setIdle: nil, setReadFirst: true, setNeoHTML: true,
		setUserAccess: true, setLogAccess: true, setUserSession: false, setReindexing: false,
		setFlipLicence: false, setPutConflict: 400.0, setUserNameFixed: 200.0,
		setEmailMapped: false, setNamesMapped: false, setLowerIDP: true, setMaxLicenses: nil,
		setIgnoreActive: false, setV2Inactive: true, setManagerDelete: 400.0,
		setBulkMax: 30.0, setBulkBytes: 3072000.0, setBulkStatus: "status", setBulkCreates: true,
		setTeamConflict: 400.0, setFolderDefault: true, setIgnoreNS: true, setWorkaround: false,
		setRefuseMembers: false, setMaxRemovals: 98.0, setMaxDisplay: 1024.0, setMaxMembers: 32767.0,
		setRolePatch: rolePatchExact, setIgnored: []any{}, setDropRoles: []any{}, setDropMembers: []any{}, setSkew: 0.0,
	}
}

func (s settings) clone() settings { return maps.Clone(s) }

func (s settings) on(name string) bool {
	v, _ := s[name].(bool)
	return v
}

func (s settings) number(name string) int {
	v, _ := s[name].(float64)
	return int(v)
}

// has reports whether a setting that is a list contains v.
func (s settings) has(name, v string) bool {
	list, _ := s[name].([]any)
	return slices.Contains(list, any(v))
}

// merge takes the keys of a JSON object over; it stops at the first bad one.
func (s settings) merge(raw json.RawMessage) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	var in map[string]any
	if err := json.Unmarshal(raw, &in); err != nil {
		return fmt.Errorf("settings are not a JSON object: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(in)) {
		if err := s.check(key, in[key]); err != nil {
			return err
		}
		s[key] = in[key]
	}
	return nil
}

// check refuses unknown keys, values of another type and statuses that are none.
func (s settings) check(key string, value any) error {
	def, known := defaultSettings()[key]
	if !known {
		return fmt.Errorf("unknown setting %q", key)
	}
	switch def.(type) {
	case bool:
		if _, ok := value.(bool); !ok {
			return fmt.Errorf("setting %q must be true or false", key)
		}
	case string:
		if word, _ := value.(string); !slices.Contains(choices()[key], word) {
			return fmt.Errorf("setting %q must be one of %q", key, choices()[key])
		}
	case []any:
		return checkList(key, value)
	default:
		return checkNumber(key, value, def == nil)
	}
	return nil
}

func checkNumber(key string, value any, optional bool) error {
	n, ok := value.(float64)
	if !ok && (value != nil || !optional) {
		return fmt.Errorf("setting %q must be a number", key)
	}
	lowest := 0.0
	if key == setSkew {
		lowest = -1e9
	}
	if ok && (n < lowest || n > 1e9) {
		return fmt.Errorf("setting %q is out of range: %v", key, n)
	}
	if strings.HasSuffix(key, "Status") && (n < 200 || n > 599) {
		return fmt.Errorf("setting %q is not an HTTP status: %v", key, n)
	}
	return nil
}

func checkList(key string, value any) error {
	list, ok := value.([]any)
	if !ok {
		return fmt.Errorf("setting %q must be a list", key)
	}
	for _, item := range list {
		word, ok := item.(string)
		if !ok {
			return fmt.Errorf("setting %q must be a list of texts", key)
		}
		if key == setIgnored && !slices.Contains(ignorableAttributes(), word) {
			return fmt.Errorf("setting %q: %q is not one of %q", key, word, ignorableAttributes())
		}
	}
	return nil
}
