package messages

import (
	"fmt"

	"sacbridge/internal/plan"
)

// conflicts has the words of what only a person can answer.
var conflicts = map[plan.Code]entry{
	plan.EmailTaken: {
		title: "email taken",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("e-mail %s belongs in the target to %s", f.Name, listNames(f.Users))
		},
		cure: noValues("change it there; where this plan does so itself, apply it and make a new plan"),
	},
	plan.EmailWantedTwice: {
		title: "email wanted twice",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("e-mail %s is wanted for %s too", f.Name, listNames(f.Users))
		},
		cure: noValues("give each their own"),
	},
	plan.LoginIDTaken: {
		title: "login ID taken",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("login ID %s is that of %s", f.Name, listNames(f.Users))
		},
		cure: noValues("change one of them"),
	},
	plan.SourceEmailTwice: {
		title: "same source email",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("e-mail %s belongs in the source to %s too", f.Name, listNames(f.Users))
		},
		cure: noValues("give each their own"),
	},
	plan.DuplicateUser: {
		title: "duplicate user",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the target has %s with e-mail %s, it seems a duplicate of %s made by a create", listNames(f.Users), f.Name, f.Key)
		},
		check: "check it",
		cure:  noValues("delete it or change its e-mail, then make a new plan"),
	},
	plan.NoEmail: {
		title: "no email",
		cause: text("has no e-mail in the source, and nobody can be created without one"),
		cure:  noValues("give them one in the source"),
	},
	plan.UserIDNotKept: {
		title: "user ID not kept",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the target does not keep this user ID and would create user %q instead", f.Name)
		},
		cure: noValues(plainUserID),
	},
	plan.UserIDRefused: {
		title: "user ID refused",
		cause: text("the target creates nobody under this user ID"),
		cure:  noValues(plainUserID),
	},
	plan.TeamNameRefused: {
		title: "team name",
		cause: text("no team of the target can have this name, or its API cannot name it"),
		cure:  noValues("rename the team"),
	},
	plan.MissingInSource: {
		title: "missing in source",
		cause: func(f plan.Finding) string { return fmt.Sprintf("the source has no %s %q", f.Entity, f.Key) },
		check: "check the spelling, upper and lower case count",
	},
	plan.MissingRole: {
		title: "missing role",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the target has no role %s, and no API can create one", f.Key)
		},
		cure: noValues("create it there, or map it in the roles table"),
	},
	plan.MissingManager: {
		title: "missing manager",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the target has no user %s, who is to be a manager; the reports stay without this link", f.Key)
		},
		cure: func(f plan.Finding, _ Surface) string { return fmt.Sprintf("copy %s first", f.Key) },
	},
	plan.TeamNameTwice: {
		title: "team name",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the target has %d teams of this name in different content namespaces", f.Count)
		},
		cure: noValues("rename or delete all but one"),
	},
	plan.SourceTeamTwice: {
		title: "team name",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the source has %d teams of this name in different content namespaces", f.Count)
		},
		cure: noValues("rename or delete all but one"),
	},
	plan.TeamNameCase: {
		title: "team name",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("differs only in letter case from team %s, and SAC refuses such a pair", listNames(f.Teams))
		},
		cure: noValues("rename one of them"),
	},
	plan.TeamUnreadable: {
		title: "team unreadable",
		cause: func(f plan.Finding) string { return "the target's team cannot be read: " + f.Cause },
	},
	plan.SourceUnreadable: {
		title: "team unreadable",
		cause: func(f plan.Finding) string { return "the source's team cannot be read: " + f.Cause },
	},
	plan.MembersUnread: {
		title: "team unreadable",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the %s of the target's team were not read, so that %s cannot be decided", count(f.Count, "member", "members"), f.Name)
		},
		cure: noValues("make a new plan"),
	},
	plan.SourceMembersUnread: {
		title: "team unreadable",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the %s of the source's team were not read", count(f.Count, "member", "members"))
		},
		cure: noValues("make a new plan"),
	},
	plan.SourceReadShort: {
		title: "source too small",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("only %d of the %s of the source's team were read; nobody is removed", f.Count, count(f.Of, "member", "members"))
		},
		check: lookAtTheSource,
		cure:  allowSmallSource,
	},
	plan.SourceTooSmall: {
		title: "source too small",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the source's team has %s, fewer than the %d asked for; nobody is removed", count(f.Count, "member", "members"), f.Limit)
		},
		check: lookAtTheSource,
		cure:  allowSmallSource,
	},
	plan.SourceShareTooSmall: {
		title: "source too small",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the source's team has %s and the target's %d, a share under %g %%; nobody is removed", count(f.Count, "member", "members"), f.Of, f.Percent)
		},
		check: lookAtTheSource,
		cure:  allowSmallSource,
	},
	plan.TeamEmptied: {
		title: "source too small",
		cause: func(f plan.Finding) string {
			limit := fmt.Sprintf("under %g %%", f.Percent)
			if f.Percent == 0 {
				limit = fmt.Sprintf("fewer than %d", f.Limit)
			}
			return fmt.Sprintf("%d of %s would be left once each person leaves whom the source shows without this team, %s; nobody is removed",
				f.Count, count(f.Of, "member", "members"), limit)
		},
		check: lookAtTheSource,
		cure:  allowSmallSource,
	},
	plan.MissingInTarget: {
		title: "missing in target",
		cause: func(f plan.Finding) string { return fmt.Sprintf("the target has no %s %q", f.Entity, f.Key) },
		check: "check the spelling, upper and lower case count",
	},
	plan.ExistsAlready: {
		title: "exists already",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("the target has %s %q already, and this is for new ones only", f.Entity, f.Key)
		},
		cure: noValues("choose another name, or update the one that is there"),
	},
	plan.SeveralPeople: {
		title: "several people",
		cause: func(f plan.Finding) string { return fmt.Sprintf("%q finds %s", f.Key, listNames(f.Users)) },
		cure:  noValues("name the one who is meant by user ID"),
	},
	plan.InvalidValue: {
		title: "invalid value",
		cause: func(f plan.Finding) string { return f.Cause },
		cure:  noValues("correct it"),
	},
	plan.DeletedAndWanted: {
		title: "deleted and wanted",
		cause: text("one step deletes it and a later one wants it, which no plan can do: it stays as it is"),
		cure:  noValues("take one of the steps out, or delete first and make a new plan then"),
	},
	plan.ManagesOthers: {
		title: "manages others",
		cause: func(f plan.Finding) string {
			return fmt.Sprintf("is the manager of %s, and the tenant deletes no manager of others", listNames(f.Users))
		},
		cure: noValues("give them another manager, or none, or delete them too"),
	},
}

const plainUserID = "choose an ID of capital letters A to Z, digits and _, or create the account in the target by hand"

const lookAtTheSource = "look whether the source was read in full"

func allowSmallSource(_ plan.Finding, surface Surface) string {
	const meant = "if it was, allow it with "
	switch surface {
	case Transport:
		return meant + "--min-source-size 0"
	case Bridge:
		return meant + "min_source_size in the guards of the job"
	case Console, Plain:
	}
	return "if it was, allow smaller sources in the guards of the job"
}
