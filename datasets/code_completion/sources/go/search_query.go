// The query language of the issue search, for example:
//
//	label:bug -author:ann "log in" weight:>=3 crash
package main

import (
	"fmt"
	"strconv"
	"strings"
)

// Issue is what is searched.
type Issue struct {
	Title  string
	Author string
	Labels []string
	Weight int
}

// Term is one condition of a query.
type Term struct {
	Negated  bool
	Field    string // "" for words of the title
	Operator string // ":" or, for a weight, one of = < <= > >=
	Value    string
}

// split cuts a query at white space that is not inside double quotes.
func split(query string) ([]string, error) {
	var parts []string
	var part strings.Builder
	quoted := false
	for _, char := range query {
		if char == '"' {
			quoted = !quoted
		}
		if !quoted && strings.ContainsRune(" \t\n", char) {
			if part.Len() > 0 {
				parts = append(parts, part.String())
			}
			part.Reset()
			continue
		}
		part.WriteRune(char)
	}
	if quoted {
		return nil, fmt.Errorf("missing quote in %s", part.String())
	}
	if part.Len() > 0 {
		parts = append(parts, part.String())
	}
	return parts, nil
}

// parseTerm reads one part of a query.
func parseTerm(part string) (Term, error) {
	term := Term{Operator: ":"}
	rest := strings.TrimPrefix(part, "-")
	term.Negated = rest != part
	field, value, found := strings.Cut(rest, ":")
	if !found || strings.HasPrefix(field, `"`) {
		term.Value = strings.ReplaceAll(rest, `"`, "")
		return term, nil
	}
	term.Field = strings.ToLower(field)
	switch term.Field {
	case "label", "author":
	case "weight":
		digits := strings.TrimLeft(value, "<>=")
		term.Operator = value[:len(value)-len(digits)]
		switch term.Operator {
		case "":
			term.Operator = "="
		case "=", "<", "<=", ">", ">=":
		default:
			return Term{}, fmt.Errorf("unknown operator %s", term.Operator)
		}
		if _, err := strconv.Atoi(digits); err != nil {
			return Term{}, fmt.Errorf("%q is not a weight", digits)
		}
		value = digits
	default:
		return Term{}, fmt.Errorf("unknown field %s", field)
	}
	term.Value = strings.ReplaceAll(value, `"`, "")
	if term.Value == "" {
		return Term{}, fmt.Errorf("%s without a value", field)
	}
	return term, nil
}

// Parse reads a query.
func Parse(query string) ([]Term, error) {
	parts, err := split(query)
	if err != nil {
		return nil, err
	}
	terms := make([]Term, 0, len(parts))
	for _, part := range parts {
		term, err := parseTerm(part)
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
	}
	return terms, nil
}

// Matches reports whether an issue meets the term's condition. Letter case does not matter.
func (t Term) Matches(issue Issue) bool {
	return t.holds(issue) != t.Negated
}

func (t Term) holds(issue Issue) bool {
	switch t.Field {
	case "label":
		for _, label := range issue.Labels {
			if strings.EqualFold(label, t.Value) {
				return true
			}
		}
		return false
	case "author":
		return strings.EqualFold(issue.Author, t.Value)
	case "weight":
		wanted, _ := strconv.Atoi(t.Value)
		return compare(issue.Weight, t.Operator, wanted)
	}
	return strings.Contains(strings.ToLower(issue.Title), strings.ToLower(t.Value))
}

// compare applies an operator to two numbers.
func compare(a int, operator string, b int) bool {
	switch operator {
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	case ">=":
		return a >= b
	}
	return a == b
}

// Search returns the titles of the issues that meet all conditions of the query, in their
// order.
func Search(issues []Issue, query string) ([]string, error) {
	terms, err := Parse(query)
	if err != nil {
		return nil, err
	}
	titles := []string{}
next:
	for _, issue := range issues {
		for _, term := range terms {
			if !term.Matches(issue) {
				continue next
			}
		}
		titles = append(titles, issue.Title)
	}
	return titles, nil
}
