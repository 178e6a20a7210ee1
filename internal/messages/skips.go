package messages

import (
	"fmt"
	"time"

	"sacbridge/internal/plan"
)

// skips has the words of what was asked for and is deliberately not done.
var skips = map[plan.Code]entry{
	plan.OwnerUnchanged:  {title: "System Owner", cause: text("is the System Owner, whom no API can change: fields and role links stay")},
	plan.OwnerMembership: {title: "System Owner", cause: func(f plan.Finding) string { return "is the System Owner: " + memberships(f) }},
	plan.OwnerRole: {
		title: "System Owner role",
		cause: text("the System Owner role is neither given nor taken: one person holds it, and no API can assign it"),
	},
	plan.ProtectedUser:       {title: "protected user", cause: text("is protected: fields and role links stay")},
	plan.ProtectedNotCreated: {title: "protected user", cause: text("is protected: not created")},
	plan.ProtectedMembership: {title: "protected user", cause: func(f plan.Finding) string { return "is protected: " + memberships(f) }},
	plan.ProtectedTeam:       {title: "protected team", cause: text("is protected: nothing about it is changed")},
	plan.ProtectedRole: {
		title: "protected role",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("role %s is protected: neither added nor removed", f.Name)
		},
	},
	plan.MembersMissing: {
		title: "members missing",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("%s not exist in the target and stay out: %s", count(len(f.Users), "member does", "members do"), listNames(f.Users))
		},
	},
	plan.Earlier: {title: "skipped", cause: text("was found by an earlier version of the program")},
	plan.ProtectedMembers: {
		title: "protected members",
		cause: func(f plan.Finding) string {
			return "is not deleted, for it has protected members: " + listNames(f.Users)
		},
	},
	plan.LeftExisting: {
		title: "exists",
		cause: text("exists already and is left alone"),
	},
	plan.LeftMissing: {
		title: "missing",
		cause: text("does not exist in the target and is not created"),
	},
	plan.AlreadyGone: {
		title: "already gone",
		cause: text("does not exist in the target (any more): nothing to delete"),
	},
	plan.AttributeIgnored: {
		title: "attribute ignored",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the tenant accepts changes of %s and leaves it as it is, as was seen on %s; left out for %s",
				f.Key, f.Since.UTC().Format(time.DateOnly), namesOf(f))
		},
		check: "look whether the identity provider sets it",
		cure:  func(_ plan.Finding, surface Surface) string { return retryIgnored(surface) },
	},
}

// warnings has the words of what is done and cannot be undone, or is not quite as asked.
var warnings = map[plan.Code]entry{
	plan.ContentLost: {
		title: "content lost",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("private content of %s is lost with them, or goes to the System Owner, and comes back by no undo", listNames(f.Users))
		},
		check: "look what they own",
	},
	plan.DescriptionCut: {
		title: "description cut",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the description has %d characters and is cut after %d, for the tenant takes no more", f.Count, f.Limit)
		},
	},
	plan.CreatedActive: {
		title: "created active",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("inactive in the source and created active: %s", listNames(f.Users))
		},
		cure: func(_ plan.Finding, surface Surface) string {
			if surface == Transport {
				return "--active source creates them inactive"
			}
			return "have the active flag follow the source to create them inactive"
		},
	},
	plan.UnknownProtectedUser: unknownProtected("user ID", "users"),
	plan.UnknownProtectedTeam: unknownProtected("team", "teams"),
	plan.UnknownProtectedRole: unknownProtected("role", "roles"),
}

// unknownProtected has the words of a name in the protect lists that protects nobody.
func unknownProtected(what, key string) entry {
	similar := func(f plan.Finding) []string {
		if f.Name != "" {
			return []string{f.Name}
		}
		return append(append([]string{}, f.Users...), f.Teams...)
	}
	return entry{
		title: "protects nobody",
		cause: func(f plan.Finding) string {
			text := fmt.Sprintf("protect.%s names it, and the tenant has no such %s", key, what)
			if names := similar(f); len(names) > 0 {
				text += "; " + listNames(names) + " differs in letter case"
			}
			return text
		},
		cure: func(f plan.Finding, _ Surface) string {
			if names := similar(f); len(names) > 0 {
				return "write " + names[0] + " in protect." + key
			}
			return "correct the name in protect." + key + ", or take it out"
		},
	}
}

func retryIgnored(surface Surface) string {
	const then = "once it is changed there, try "
	if surface == Transport {
		return then + "again with --retry-ignored"
	}
	return then + "ignored attributes again"
}

func namesOf(f plan.Finding) string {
	return listNames(append(append([]string{}, f.Users...), f.Teams...))
}

func memberships(f plan.Finding) string {
	return fmt.Sprintf("membership of %s stays", listNames(prefixed("team ", f.Teams)))
}

// prefixed puts a word before the first name.
func prefixed(word string, names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return append([]string{word + names[0]}, names[1:]...)
}
