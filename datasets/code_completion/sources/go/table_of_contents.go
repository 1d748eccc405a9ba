// Tables of contents for Markdown pages.
package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Heading is a heading of a page.
type Heading struct {
	Level  int
	Text   string
	Anchor string
}

var (
	headingLine = regexp.MustCompile(`^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$`)
	fenceLine   = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})(.*)$")
	linkText    = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// plainText removes links, emphasis and code marks from the text of a heading.
func plainText(text string) string {
	text = linkText.ReplaceAllString(text, "$1")
	return strings.Map(func(char rune) rune {
		if strings.ContainsRune("*`", char) {
			return -1
		}
		return char
	}, text)
}

// Slug returns the anchor for a text: letters in lower case, digits, "_" and "-" are kept,
// spaces become "-", and the rest is left out.
func Slug(text string) string {
	return strings.Map(func(char rune) rune {
		switch {
		case unicode.IsLetter(char) || unicode.IsDigit(char):
			return unicode.ToLower(char)
		case char == '-' || char == '_':
			return char
		case char == ' ':
			return '-'
		}
		return -1
	}, text)
}

// anchors hands out anchors that are unique on a page.
type anchors map[string]int

// next returns the anchor for a text; repeated ones get "-1", "-2" and so on.
func (a anchors) next(text string) string {
	slug := Slug(text)
	if slug == "" {
		slug = "section"
	}
	count, used := a[slug]
	if !used {
		a[slug] = 0
		return slug
	}
	for {
		count++
		candidate := fmt.Sprintf("%s-%d", slug, count)
		if _, taken := a[candidate]; !taken {
			a[slug] = count
			a[candidate] = 0
			return candidate
		}
	}
}

// Headings returns the headings of a page. What is in fenced code blocks does not count.
func Headings(page string) []Heading {
	var headings []Heading
	used := anchors{}
	fence := ""
	for _, line := range strings.Split(page, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if match := fenceLine.FindStringSubmatch(line); match != nil {
			switch {
			case fence == "":
				fence = match[1]
			case strings.HasPrefix(match[1], fence) && strings.TrimSpace(match[2]) == "":
				fence = ""
			}
			continue
		}
		match := headingLine.FindStringSubmatch(line)
		if fence != "" || match == nil {
			continue
		}
		text := plainText(match[2])
		headings = append(headings, Heading{len(match[1]), text, used.next(text)})
	}
	return headings
}

// Options says which headings are in a table of contents.
type Options struct {
	From, To int // the levels
	Numbered bool
}

// Contents returns the table of contents of a page as a nested Markdown list. A heading is
// indented by two spaces for each heading of the table that it is below.
func Contents(page string, options Options) string {
	var out strings.Builder
	var open, numbers []int
	for _, heading := range Headings(page) {
		if heading.Level < options.From || heading.Level > options.To {
			continue
		}
		depth := len(open)
		for depth > 0 && open[depth-1] >= heading.Level {
			depth--
		}
		open = append(open[:depth], heading.Level)
		if depth == len(numbers) {
			numbers = append(numbers, 0)
		}
		numbers = numbers[:depth+1]
		numbers[depth]++
		bullet := "-"
		if options.Numbered {
			bullet = fmt.Sprintf("%d.", numbers[depth])
		}
		indent := strings.Repeat("  ", depth)
		fmt.Fprintf(&out, "%s%s [%s](#%s)\n", indent, bullet, heading.Text, heading.Anchor)
	}
	return out.String()
}

// BrokenLinks returns the anchors that a page links to but does not have, each once.
func BrokenLinks(page string) []string {
	known := map[string]bool{}
	for _, heading := range Headings(page) {
		known[heading.Anchor] = true
	}
	broken := []string{}
	for _, match := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(page, -1) {
		if anchor := match[1]; !known[anchor] {
			known[anchor] = true
			broken = append(broken, anchor)
		}
	}
	return broken
}
