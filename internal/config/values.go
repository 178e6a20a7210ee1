package config

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Words is a list that may be written as a single word.
type Words []string

// Duration is a time span such as 90s, 15m, 6h, 30d or 2w.
type Duration time.Duration

// Std gives the standard library's form.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String gives whole days as days, and anything else as Go does.
func (d Duration) String() string {
	const day = 24 * time.Hour
	if std := d.Std(); std != 0 && std%day == 0 {
		return fmt.Sprintf("%dd", std/day)
	}
	return d.Std().String()
}

// LogValue makes logs show a duration as the file does.
func (d Duration) LogValue() slog.Value { return slog.StringValue(d.String()) }

// parseDuration reads a span: Go's forms, and whole days and weeks.
func parseDuration(s string) (Duration, error) {
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		number, ok := strings.CutSuffix(s, unit)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n > 36500 {
			return 0, fmt.Errorf("%q is no time span: write a whole number and s, m, h, d or w, such as 30d", s)
		}
		return Duration(time.Duration(n) * length), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no time span: write a whole number and s, m, h, d or w, such as 30d", s)
	}
	return Duration(d), nil
}
