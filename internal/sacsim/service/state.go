package service

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// state is the data of one tenant with its indexes. The Service's lock guards it. Slices of roles
// and photos are never changed in place, so an answer may hold them after the lock is gone.
type state struct {
	now  func() time.Time
	salt string
	made int // users, teams and roles ever made; the source of UUIDs

	users   []*user // by seq
	byID    map[string]*user
	byUUID  map[string]*user
	byFold  map[string][]*user // lower-case USERID
	byEmail map[string][]*user // lower case
	byLogin map[string][]*user // lower case
	byIDP   map[string][]*user // lower case
	active  int

	teams     []*team // by seq
	teamUUID  map[string]*team
	teamNames map[string][]*team // by exact name, over all namespaces
	teamFold  map[string][]*team // lower-case name

	folders      map[string]bool
	roles        map[string]*role
	roleOrder    []*role
	defaultRoles []string
	log          []logEntry
	repository   []seedContent
}

type user struct {
	seq        int
	uuid       string
	id         string // USERID: v1 id, v2 userName
	login      string // v1 userName; empty after a clash under custom SSO
	idp        string // v2 idpUserId
	email      string
	given      string
	middle     string
	family     string
	formatted  string
	display    string
	language   string
	active     bool
	manager    *user
	reports    map[*user]struct{}
	roles      []string
	teams      []*team
	photos     []string
	externalID string
	created    time.Time
	params     params
	filler     bool // made by Fill and not changed since
}

// params are the custom parameters that v1 and v2 share.
type params struct {
	DataAccessLanguage  string `json:"dataAccessLanguage"`
	DateFormatting      string `json:"dateFormatting"`
	TimeFormatting      string `json:"timeFormatting"`
	NumberFormatting    string `json:"numberFormatting"`
	CleanUpDays         int    `json:"cleanUpNotificationsNumberOfDays"`
	SystemNotifications bool   `json:"systemNotificationsEmailOptIn"`
	IsConcurrent        bool   `json:"isConcurrent"`
}

type role struct {
	name string
	uuid string
}

func defaultParams() params {
	return params{
		DataAccessLanguage: "en", DateFormatting: "MMM d, yyyy", TimeFormatting: "H:mm:ss",
		NumberFormatting: "1,234.56", SystemNotifications: true,
	}
}

// deliveredRoles exist in every tenant.
func deliveredRoles() []string {
	names := []string{
		"Admin", "System_Owner", "BI_Admin", "BI_Content_Creator", "BI_Content_Viewer", "Modeler",
		"Planner_Reporter", "Viewer", "Predictive_Admin", "Predictive_Content_Creator",
		"Predictive_Content_Viewer", "Application_Creator",
	}
	for i, n := range names {
		names[i] = "PROFILE:sap.epm:" + n
	}
	return names
}

func newState(cfg Config, users int) *state {
	st := &state{
		now:  cfg.Now,
		salt: strings.Join([]string{cfg.Name, cfg.Namespace, string(cfg.Platform), string(cfg.SSO)}, "\x00"),
		byID: make(map[string]*user, users), byUUID: make(map[string]*user, users),
		byFold: make(map[string][]*user, users), byEmail: make(map[string][]*user, users),
		byLogin: make(map[string][]*user, users), byIDP: make(map[string][]*user, users),
		teamUUID: map[string]*team{}, teamNames: map[string][]*team{}, teamFold: map[string][]*team{},
		folders: map[string]bool{}, roles: map[string]*role{},
	}
	st.addRoles(deliveredRoles())
	return st
}

// nextUUID derives ids from the tenant and a counter: a reset tenant has the same ids again, and
// two tenants share none.
func (st *state) nextUUID() string {
	st.made++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", st.salt, st.made))
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func (st *state) addRoles(names []string) {
	for _, n := range names {
		if st.roles[n] == nil {
			r := &role{name: n, uuid: st.nextUUID()}
			st.roles[n] = r
			st.roleOrder = append(st.roleOrder, r)
		}
	}
}

// unknownRole gives the first role the tenant does not have.
func (st *state) unknownRole(names []string) (string, bool) {
	for _, n := range names {
		if st.roles[n] == nil {
			return n, true
		}
	}
	return "", false
}

func (u *user) owner() bool { return slices.Contains(u.roles, systemOwnerRole) }

// managesOthers reports whether anybody else has u as manager.
func (u *user) managesOthers() bool {
	_, self := u.reports[u]
	return len(u.reports) > 1 || len(u.reports) == 1 && !self
}

// addUser puts a user whose id is free into the tenant.
func (st *state) addUser(u *user) {
	u.seq = st.made
	u.uuid = st.nextUUID()
	st.users = append(st.users, u)
	st.byID[u.id] = u
	st.byUUID[u.uuid] = u
	st.index(u)
}

func (st *state) index(u *user) {
	link(st.byFold, strings.ToLower(u.id), u)
	link(st.byEmail, strings.ToLower(u.email), u)
	link(st.byLogin, strings.ToLower(u.login), u)
	link(st.byIDP, strings.ToLower(u.idp), u)
	if u.active {
		st.active++
	}
}

func (st *state) unindex(u *user) {
	unlink(st.byFold, strings.ToLower(u.id), u)
	unlink(st.byEmail, strings.ToLower(u.email), u)
	unlink(st.byLogin, strings.ToLower(u.login), u)
	unlink(st.byIDP, strings.ToLower(u.idp), u)
	if u.active {
		st.active--
	}
}

// change runs edit on a user and keeps right the indexes and what its teams show of it.
func (st *state) change(u *user, edit func()) {
	st.unindex(u)
	shown := u.display
	edit()
	u.filler = false
	st.index(u)
	if u.display != shown {
		for _, t := range u.teams {
			t.members.forget()
		}
	}
}

// setManager points u at m, or at nobody.
func (st *state) setManager(u, m *user) {
	if u.manager != nil {
		delete(u.manager.reports, u)
	}
	u.manager = m
	if m != nil {
		if m.reports == nil {
			m.reports = map[*user]struct{}{}
		}
		m.reports[u] = struct{}{}
	}
}

// removeUser takes a user out of the tenant, its teams included.
func (st *state) removeUser(u *user) {
	for _, t := range slices.Clone(u.teams) {
		st.leave(t, u)
	}
	st.setManager(u, nil)
	st.unindex(u)
	delete(st.byID, u.id)
	delete(st.byUUID, u.uuid)
	if i, ok := slices.BinarySearchFunc(st.users, u.seq, func(x *user, seq int) int { return cmp.Compare(x.seq, seq) }); ok {
		st.users = slices.Delete(st.users, i, i+1)
	}
}

// other gives a user among those of an index entry that is not u.
func other(found []*user, u *user) *user {
	for _, x := range found {
		if x != u {
			return x
		}
	}
	return nil
}

func link[T comparable](index map[string][]T, key string, v T) {
	index[key] = append(index[key], v)
}

func unlink[T comparable](index map[string][]T, key string, v T) {
	rest := index[key]
	if i := slices.Index(rest, v); i >= 0 {
		rest = slices.Delete(slices.Clone(rest), i, i+1)
	}
	if len(rest) == 0 {
		delete(index, key)
		return
	}
	index[key] = rest
}
