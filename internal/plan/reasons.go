package plan

import (
	"fmt"
	"slices"
)

// maxReasons bounds the reasons of one change: a team that thousands of rows name is no clearer with
// all of them.
const maxReasons = 20

// reasons are the words of one step, made once and shared by all changes that it causes.
type reasons struct {
	create, fields, roles, teams              string // about people
	team, name, members, teamRoles, secondary string // about teams
	remove                                    string
}

func newReasons(s Step) reasons {
	var w reasons
	say := func(format string, args ...any) string { return s.Origin + ": " + fmt.Sprintf(format, args...) }
	switch {
	case s.CopyUser != nil:
		c := s.CopyUser
		w.create, w.fields = say("user missing in the target"), say("user fields follow the source")
		w.roles, w.teams = say("user roles %s", c.Roles), say("user teams %s", c.Teams)
	case s.CopyTeam != nil:
		c := s.CopyTeam
		w.create, w.fields = say("users %s", c.Users), say("users %s: fields follow the source", c.Users)
		w.roles, w.teams = say("user roles %s", c.UserRoles), say("user teams %s", c.UserTeams)
		w.team, w.name = say("team missing in the target"), say("name %s", c.Name)
		w.members, w.teamRoles = say("members %s", c.Members), say("team roles %s", c.TeamRoles)
	}
	switch {
	case s.SetUser != nil:
		w.create, w.fields = say("user missing in the target"), say("user fields as asked")
		if e := s.SetUser.Roles; e != nil {
			w.roles = say("user roles %s", e.Action)
		}
		if e := s.SetUser.Teams; e != nil {
			w.teams = say("user teams %s", e.Action)
		}
	case s.SetTeam != nil:
		w.team, w.name = say("team missing in the target"), say("name as asked")
		if e := s.SetTeam.Members; e != nil {
			w.members = say("members %s", e.Action)
		}
		if e := s.SetTeam.Roles; e != nil {
			w.teamRoles = say("team roles %s", e.Action)
		}
	case s.DeleteUser != nil, s.DeleteTeam != nil:
		w.remove = say("delete")
	}
	w.secondary = say("secondary team of a person")
	return w
}

// note adds why to list unless it is there.
func note(list []string, why string) []string {
	if len(list) > maxReasons || slices.Contains(list, why) {
		return list
	}
	if len(list) == maxReasons {
		why = "and further steps"
	}
	return append(list, why)
}
