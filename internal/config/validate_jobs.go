package config

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // jobs name time zones, which neither Windows nor an image made from scratch has

	"github.com/netresearch/go-cron"

	"sacbridge/internal/mapping"
)

// directory is what a job reads from when it does not read from a tenant.
const directory = "directory"

// FromDirectory reports whether the job reads the bridge's own people and groups.
func (j *Job) FromDirectory() bool {
	return j.From == directory || strings.HasPrefix(j.From, directory+":")
}

// SourceName is the inbound source that the job reads, "" for all of them or for a tenant.
func (j *Job) SourceName() string {
	name, _ := strings.CutPrefix(j.From, directory+":")
	if name == j.From {
		return ""
	}
	return name
}

// job checks one job.
func (v *validator) job(path, name string, j *Job) {
	v.name(path, name)
	v.ends(path, j)
	v.timing(path, j)
	if j.FromDirectory() && j.Select != nil {
		v.bad(path+".select", "is for jobs that read a tenant: from the directory it is scope")
	}
	if !j.FromDirectory() && j.Scope != nil {
		v.bad(path+".scope", "is for jobs that read the directory: from a tenant it is select")
	}
	if j.Scope != nil {
		v.rule(path+".scope.where", j.Scope.Where)
	}
	if j.Select != nil {
		v.rule(path+".select.where", j.Select.Where)
	}
	for i, word := range j.Match {
		if slices.Contains(j.Match[:i], word) {
			v.bad(path+".match", "names %s twice", word)
		}
	}
	if j.Gone.Do == "delete" && v.isSet(path+".gone.then") && j.Gone.Then != "delete" {
		v.bad(path+".gone.then", "contradicts do: delete, which deactivates at once and deletes after grace")
	}
	v.guards(path+".guards", j.Guards)
}

// isSet reports whether the file has the key.
func (v *validator) isSet(path string) bool {
	_, ok := v.places[path]
	return ok
}

// ends checks where a job reads and writes.
func (v *validator) ends(path string, j *Job) {
	switch source := j.SourceName(); {
	case j.From == "" && v.isSet(path+".from"):
		v.bad(path+".from", "is empty: write directory, directory:SOURCE or a tenant")
	case j.From == "" || j.From == directory:
	case j.FromDirectory():
		var sources []string
		if v.config.Bridge != nil {
			sources = slices.Sorted(maps.Keys(v.config.Bridge.Sources))
		}
		if !slices.Contains(sources, source) {
			v.bad(path+".from", "there is no source %q in bridge.sources%s", source, didYouMean(source, sources))
		}
	default:
		v.knownTenant(path+".from", j.From)
	}
	if len(j.To) == 0 && v.isSet(path+".to") && !v.faultAt(v.place(path+".to")) {
		v.bad(path+".to", "names no tenant")
	}
	for i, to := range j.To {
		switch {
		case to == j.From:
			v.bad(path+".to", "%s is where the job reads from: source and target must differ", to)
		case slices.Contains(j.To[:i], to):
			v.bad(path+".to", "names %s twice", to)
		default:
			v.knownTenant(path+".to", to)
		}
	}
}

// timing checks when a job runs. A job without any of the keys runs by hand.
func (v *validator) timing(path string, j *Job) {
	if j.When != "" && j.Schedule != nil {
		v.bad(path+".schedule", "contradicts when: change; regular reconciliation of such a job is full")
	}
	if j.When != "" && !j.FromDirectory() {
		v.bad(path+".when", "works from the directory only: a tenant does not tell of changes, so give a schedule")
	}
	if j.Full != nil && j.When == "" {
		v.bad(path+".full", "goes with when: change; without it the job's schedule is always full")
	}
	v.schedule(path+".schedule", j.Schedule)
	v.schedule(path+".full", j.Full)
}

// schedule checks a cron expression or interval.
func (v *validator) schedule(path string, s *Schedule) {
	if s == nil {
		return
	}
	zone, err := time.LoadLocation(s.TZ)
	if err != nil || s.TZ == "Local" || s.TZ == "" {
		v.bad(path+".tz", "is no time zone: write it as in Europe/Berlin")
		zone = time.UTC
	}
	switch {
	case s.Cron != "" && s.Every != 0:
		v.bad(path, "has cron and every: one of them")
	case s.Cron != "":
		if err := checkCron(s.Cron, zone); err != nil {
			v.bad(path+".cron", "%v", err)
		}
	case s.Every == 0 && !v.isSet(path+".every"):
		v.bad(path, "says no time: give cron or every")
	case s.Every.Std() < time.Minute && !v.faultAt(v.place(path+".every")):
		v.bad(path+".every", "must be a minute or more")
	}
}

// checkCron refuses what is no cron expression and dates that never come. Which day it is now does not
// matter: the search covers every combination of leap year and weekday that the library looks at.
func checkCron(expression string, zone *time.Location) error {
	if strings.Contains(expression, "TZ=") {
		return errors.New("names a time zone: that is the key tz")
	}
	if strings.HasPrefix(strings.TrimSpace(expression), "@every") {
		return errors.New("is an interval: that is the key every")
	}
	s, err := cron.ParseStandard(expression)
	if err != nil {
		return errors.New("is no cron expression (minute, hour, day of month, month, day of week): " + err.Error())
	}
	if s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, zone)).IsZero() {
		return errors.New("is a date that never comes")
	}
	return nil
}

// rule checks a condition on people.
func (v *validator) rule(path, text string) {
	if text == "" {
		if v.isSet(path) {
			v.bad(path, "is empty")
		}
		return
	}
	if _, err := mapping.ParseRule(text); err != nil {
		v.bad(path, "%v", err)
	}
}
