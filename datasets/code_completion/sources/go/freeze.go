// Weekly deploy freezes: when nothing may be deployed.
package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

const (
	minutesPerDay  = 24 * 60
	minutesPerWeek = 7 * minutesPerDay
)

var weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}

// Moment is a minute of the week; 0 is Monday, 00:00.
type Moment int

// ParseMoment reads a moment such as "Fri 18:30". The end of a day may be written as
// 24:00, which is the start of the next one.
func ParseMoment(text string) (Moment, error) {
	day, clock, ok := strings.Cut(strings.TrimSpace(text), " ")
	if !ok {
		return 0, fmt.Errorf("moment %q has no time", text)
	}
	hour, minute, ok := strings.Cut(strings.TrimSpace(clock), ":")
	if !ok {
		return 0, fmt.Errorf("time %q has no colon", clock)
	}
	minutes := 0
	hours, err := parseNumber(hour, 24)
	if err == nil {
		minutes, err = parseNumber(minute, 59)
	}
	if err != nil {
		return 0, err
	}
	if hours == 24 && minutes > 0 {
		return 0, fmt.Errorf("time %q is too late", clock)
	}
	for i, name := range weekdays {
		if strings.EqualFold(name, day) {
			return Moment(i*minutesPerDay + hours*60 + minutes).wrap(), nil
		}
	}
	return 0, fmt.Errorf("unknown day %q", day)
}

// parseNumber reads two digits that make a number up to most.
func parseNumber(text string, most int) (int, error) {
	number, err := strconv.Atoi(text)
	if err != nil || len(text) != 2 || number < 0 || number > most {
		return 0, fmt.Errorf("%q is not a number from 00 to %d", text, most)
	}
	return number, nil
}

// wrap returns the moment as one of this week.
func (m Moment) wrap() Moment {
	return (m%minutesPerWeek + minutesPerWeek) % minutesPerWeek
}

// String returns the moment in the form that ParseMoment reads.
func (m Moment) String() string {
	day, minutes := m/minutesPerDay, m%minutesPerDay
	return fmt.Sprintf("%s %02d:%02d", weekdays[day], minutes/60, minutes%60)
}

// Freeze is a time of the week without deployments, from Start until just before End. It
// may go over the end of the week.
type Freeze struct {
	Start, End Moment
}

// ParseFreeze reads a freeze such as "Fri 18:00 - Mon 07:00".
func ParseFreeze(text string) (Freeze, error) {
	from, to, ok := strings.Cut(text, " - ")
	if !ok {
		return Freeze{}, fmt.Errorf("freeze %q has no end", text)
	}
	start, err := ParseMoment(from)
	if err != nil {
		return Freeze{}, err
	}
	end, err := ParseMoment(to)
	if err != nil {
		return Freeze{}, err
	}
	if start == end {
		return Freeze{}, fmt.Errorf("freeze %q is empty", text)
	}
	return Freeze{start, end}, nil
}

// Length returns the minutes that the freeze lasts.
func (f Freeze) Length() int {
	return int((f.End - f.Start).wrap())
}

// Contains reports whether the moment is in the freeze.
func (f Freeze) Contains(m Moment) bool {
	return int((m - f.Start).wrap()) < f.Length()
}

// Schedule is a list of freezes in the order of their starts.
type Schedule []Freeze

// ParseSchedule reads one freeze a line. Empty lines and lines that begin with "#" are
// left out.
func ParseSchedule(text string) (Schedule, error) {
	var schedule Schedule
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		freeze, err := ParseFreeze(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		schedule = append(schedule, freeze)
	}
	sort.SliceStable(schedule, func(i, j int) bool { return schedule[i].Start < schedule[j].Start })
	return schedule, nil
}

// NextOpen returns the first moment from m on that is in no freeze, and how many minutes
// it is away. It returns false if there is none in the whole week.
func (s Schedule) NextOpen(m Moment) (Moment, int, bool) {
	waited := 0
	for waited < minutesPerWeek {
		end, frozen := s.endOf((m + Moment(waited)).wrap())
		if !frozen {
			return (m + Moment(waited)).wrap(), waited, true
		}
		waited += int((end - m - Moment(waited)).wrap())
	}
	return 0, 0, false
}

// endOf returns the end of the first freeze that has the moment in it.
func (s Schedule) endOf(m Moment) (Moment, bool) {
	for _, freeze := range s {
		if freeze.Contains(m) {
			return freeze.End, true
		}
	}
	return 0, false
}
