// Settings files with sections that inherit from each other:
//
//	[base]
//	timeout = 30s
//
//	[runner : base]
//	url = "https://${host}/api"
package main

import (
	"bufio"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Section is a named group of settings.
type Section struct {
	Name   string
	Parent string
	values map[string]string
}

// Settings has the sections of a file.
type Settings struct {
	sections map[string]*Section
}

// ParseError says in which line of a file a fault is.
type ParseError struct {
	Line    int
	Problem string
}

func (e ParseError) Error() string {
	return fmt.Sprintf("line %d: %s", e.Line, e.Problem)
}

// Parse reads a settings file. A section that appears again is continued.
func Parse(text string) (*Settings, error) {
	settings := &Settings{sections: map[string]*Section{}}
	var current *Section
	scanner := bufio.NewScanner(strings.NewReader(text))
	for number := 1; scanner.Scan(); number++ {
		line := strings.TrimSpace(scanner.Text())
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			section, err := settings.open(line)
			if err != nil {
				return nil, ParseError{number, err.Error()}
			}
			current = section
		case current == nil:
			return nil, ParseError{number, "setting outside of a section"}
		default:
			key, value, found := strings.Cut(line, "=")
			key = strings.TrimSpace(key)
			if !found || key == "" {
				return nil, ParseError{number, "no key and value"}
			}
			current.values[key] = unquote(strings.TrimSpace(value))
		}
	}
	return settings, settings.checkParents()
}

// open returns the section of a header line such as "[runner : base]".
func (s *Settings) open(line string) (*Section, error) {
	if !strings.HasSuffix(line, "]") {
		return nil, fmt.Errorf("unfinished header %s", line)
	}
	name, parent, inherits := strings.Cut(line[1:len(line)-1], ":")
	name, parent = strings.TrimSpace(name), strings.TrimSpace(parent)
	if name == "" || inherits && parent == "" {
		return nil, fmt.Errorf("header %s without a name", line)
	}
	section := s.sections[name]
	if section == nil {
		section = &Section{Name: name, values: map[string]string{}}
		s.sections[name] = section
	}
	if inherits {
		section.Parent = parent
	}
	return section, nil
}

// unquote removes double quotes around a value, or a comment behind a value without them.
func unquote(value string) string {
	if len(value) >= 2 && value[0] == '"' && strings.HasSuffix(value, `"`) {
		return value[1 : len(value)-1]
	}
	value, _, _ = strings.Cut(value, " #")
	return strings.TrimSpace(value)
}

// checkParents returns an error if a parent is missing or a section is its own ancestor.
func (s *Settings) checkParents() error {
	for _, name := range s.Names() {
		seen := map[string]bool{}
		for at := name; at != ""; at = s.sections[at].Parent {
			if s.sections[at] == nil {
				return fmt.Errorf("section %s inherits from %s, which does not exist", name, at)
			}
			if seen[at] {
				return fmt.Errorf("section %s inherits from itself", name)
			}
			seen[at] = true
		}
	}
	return nil
}

// Names returns the names of the sections in alphabetical order.
func (s *Settings) Names() []string {
	names := make([]string, 0, len(s.sections))
	for name := range s.sections {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// raw returns a setting of a section or the nearest of its ancestors that has it.
func (s *Settings) raw(name, key string) (string, bool) {
	for section := s.sections[name]; section != nil; section = s.sections[section.Parent] {
		if value, found := section.values[key]; found {
			return value, true
		}
	}
	return "", false
}

// Text returns a setting in which every ${KEY} is replaced by that setting of the same
// section.
func (s *Settings) Text(name, key string) (string, error) {
	return s.expand(name, key, 0)
}

// maxDepth is how deep settings may refer to each other.
const maxDepth = 5

func (s *Settings) expand(name, key string, depth int) (string, error) {
	value, found := s.raw(name, key)
	if !found {
		return "", fmt.Errorf("section %s has no setting %s", name, key)
	}
	if depth > maxDepth {
		return "", fmt.Errorf("setting %s refers to too many others", key)
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(value, "${")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		inner, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", fmt.Errorf("setting %s has an open ${", key)
		}
		text, err := s.expand(name, inner, depth+1)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
		value = after
	}
}

// Number returns a setting as a whole number, or the default if it is not there.
func (s *Settings) Number(name, key string, standard int) (int, error) {
	if _, found := s.raw(name, key); !found {
		return standard, nil
	}
	text, err := s.Text(name, key)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

// Switch returns a setting as a boolean; one that is not there is off.
func (s *Settings) Switch(name, key string) (bool, error) {
	text, found := s.raw(name, key)
	switch strings.ToLower(text) {
	case "yes", "on", "true":
		return true, nil
	case "no", "off", "false":
		return false, nil
	}
	if found {
		return false, fmt.Errorf("setting %s is neither on nor off: %q", key, text)
	}
	return false, nil
}

// Duration returns a setting such as "1m30s" as a length of time.
func (s *Settings) Duration(name, key string) (time.Duration, error) {
	text, err := s.Text(name, key)
	if err != nil {
		return 0, err
	}
	return time.ParseDuration(text)
}
