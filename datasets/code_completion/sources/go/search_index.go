// A full-text index of wiki pages, kept in memory.
package main

import (
	"sort"
	"strings"
	"unicode"
)

// Word is a word of a text with the place where it stands.
type Word struct {
	Text     string
	Position int
}

// stopWords are too common to be searched for.
var stopWords = map[string]bool{"a": true, "and": true, "in": true, "of": true, "the": true, "to": true}

// stem removes the most common endings of a word.
func stem(word string) string {
	for _, ending := range []string{"ing", "ed", "es", "s"} {
		if rest := strings.TrimSuffix(word, ending); rest != word && len(rest) >= 3 {
			return rest
		}
	}
	return word
}

// Words returns the words of a text in their stems, without stop words. Positions count all
// words.
func Words(text string) []Word {
	words := []Word{}
	fields := strings.FieldsFunc(strings.ToLower(text), func(char rune) bool {
		return !unicode.IsLetter(char) && !unicode.IsDigit(char)
	})
	for position, field := range fields {
		if !stopWords[field] {
			words = append(words, Word{stem(field), position})
		}
	}
	return words
}

// Hit is a page that was found.
type Hit struct {
	Page  string
	Score int
}

// titleWeight is how many times a word in a title counts.
const titleWeight = 3

// Index finds pages by their words.
type Index struct {
	positions map[string]map[string][]int // by word and page
	titles    map[string]map[string]int   // words of the titles by page
	pages     int
}

// NewIndex returns an empty index.
func NewIndex() *Index {
	return &Index{positions: map[string]map[string][]int{}, titles: map[string]map[string]int{}}
}

// Add puts a page in the index, in place of the page with the same title.
func (x *Index) Add(title, text string) {
	x.Remove(title)
	x.pages++
	x.titles[title] = map[string]int{}
	for _, word := range Words(title) {
		x.titles[title][word.Text]++
		x.pagesWith(word.Text)
	}
	for _, word := range Words(text) {
		pages := x.pagesWith(word.Text)
		pages[title] = append(pages[title], word.Position)
	}
}

// pagesWith returns the pages that have a word, with its positions.
func (x *Index) pagesWith(word string) map[string][]int {
	if x.positions[word] == nil {
		x.positions[word] = map[string][]int{}
	}
	return x.positions[word]
}

// Remove takes a page out of the index and reports whether it was there.
func (x *Index) Remove(title string) bool {
	if _, found := x.titles[title]; !found {
		return false
	}
	for _, pages := range x.positions {
		delete(pages, title)
	}
	delete(x.titles, title)
	x.pages--
	return true
}

// score returns how often a word is on a page; the title counts more.
func (x *Index) score(word, title string) int {
	return len(x.positions[word][title]) + titleWeight*x.titles[title][word]
}

// Search returns the pages that have all words of a query, the best first and otherwise by
// title. A query without words finds nothing.
func (x *Index) Search(query string) []Hit {
	hits := []Hit{}
	words := Words(query)
	if len(words) == 0 {
		return hits
	}
next:
	for title := range x.titles {
		sum := 0
		for _, word := range words {
			score := x.score(word.Text, title)
			if score == 0 {
				continue next
			}
			sum += score
		}
		hits = append(hits, Hit{title, sum})
	}
	sort.Slice(hits, func(i, j int) bool {
		if hits[i].Score != hits[j].Score {
			return hits[i].Score > hits[j].Score
		}
		return hits[i].Page < hits[j].Page
	})
	return hits
}

// Phrase returns the titles of the pages whose text has the words of a phrase at the same
// distances, in alphabetical order.
func (x *Index) Phrase(phrase string) []string {
	titles := []string{}
	words := Words(phrase)
	if len(words) == 0 {
		return titles
	}
	first := words[0]
	for title, starts := range x.positions[first.Text] {
		for _, start := range starts {
			if x.hasAt(title, words[1:], start-first.Position) {
				titles = append(titles, title)
				break
			}
		}
	}
	sort.Strings(titles)
	return titles
}

// hasAt reports whether a page has all the words, their positions moved by an offset.
func (x *Index) hasAt(title string, words []Word, offset int) bool {
	for _, word := range words {
		found := false
		for _, position := range x.positions[word.Text][title] {
			found = found || position == word.Position+offset
		}
		if !found {
			return false
		}
	}
	return true
}

// Suggest returns at most limit words of the index that begin with a prefix, the ones on most
// pages first and otherwise in alphabetical order.
func (x *Index) Suggest(prefix string, limit int) []string {
	words := []string{}
	for word := range x.positions {
		if strings.HasPrefix(word, strings.ToLower(prefix)) {
			words = append(words, word)
		}
	}
	sort.Slice(words, func(i, j int) bool {
		a, b := len(x.positions[words[i]]), len(x.positions[words[j]])
		if a != b {
			return a > b
		}
		return words[i] < words[j]
	})
	if len(words) > limit {
		words = words[:limit]
	}
	return words
}
