// A queue of background jobs that are tried again when they fail.
package main

import (
	"container/heap"
	"errors"
	"fmt"
	"sort"
)

// ErrPermanent marks failures that would only happen again.
var ErrPermanent = errors.New("permanent failure")

// Job is something to be done.
type Job struct {
	ID       int
	Kind     string
	Attempts int
	DueAt    int64 // in seconds

	order int // the number of its last entry into the queue
}

// schedule is a heap of jobs: the one that is due first is on top, and of several the one
// that entered first.
type schedule []*Job

func (s schedule) Len() int { return len(s) }

func (s schedule) Less(i, j int) bool {
	if s[i].DueAt != s[j].DueAt {
		return s[i].DueAt < s[j].DueAt
	}
	return s[i].order < s[j].order
}

func (s schedule) Swap(i, j int) { s[i], s[j] = s[j], s[i] }

// Push appends a job, for package heap.
func (s *schedule) Push(job any) { *s = append(*s, job.(*Job)) }

// Pop removes the last job, for package heap.
func (s *schedule) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// Handler does a job of some kind.
type Handler func(*Job) error

// Queue runs jobs when they are due.
type Queue struct {
	MaxAttempts int
	BaseDelay   int64 // seconds before the first repetition
	MaxDelay    int64

	handlers map[string]Handler
	waiting  schedule
	entries  int
	lastID   int
	dead     map[int]string
	done     int
}

// NewQueue returns an empty queue.
func NewQueue(maxAttempts int, baseDelay, maxDelay int64) *Queue {
	return &Queue{
		MaxAttempts: maxAttempts,
		BaseDelay:   baseDelay,
		MaxDelay:    maxDelay,
		handlers:    map[string]Handler{},
		dead:        map[int]string{},
	}
}

// Handle sets the handler of a kind of jobs.
func (q *Queue) Handle(kind string, handler Handler) {
	q.handlers[kind] = handler
}

// Add puts a job in the queue and returns its ID. Kinds without a handler are refused.
func (q *Queue) Add(kind string, dueAt int64) (int, error) {
	if q.handlers[kind] == nil {
		return 0, fmt.Errorf("no handler for %s", kind)
	}
	q.lastID++
	q.enter(&Job{ID: q.lastID, Kind: kind, DueAt: dueAt})
	return q.lastID, nil
}

func (q *Queue) enter(job *Job) {
	q.entries++
	job.order = q.entries
	heap.Push(&q.waiting, job)
}

// delay returns the seconds to wait after a number of failed attempts: twice as long each
// time, up to MaxDelay.
func (q *Queue) delay(attempts int) int64 {
	delay := q.BaseDelay
	for i := 1; i < attempts; i++ {
		if delay *= 2; delay >= q.MaxDelay {
			return q.MaxDelay
		}
	}
	return delay
}

// RunDue runs all jobs that are due at a time and returns how many attempts were made. What
// a job adds to the queue while it runs is run as well if it is due.
func (q *Queue) RunDue(now int64) int {
	attempts := 0
	for len(q.waiting) > 0 && q.waiting[0].DueAt <= now {
		job := heap.Pop(&q.waiting).(*Job)
		job.Attempts++
		attempts++
		q.settle(job, q.attempt(job), now)
	}
	return attempts
}

// attempt runs a job's handler; a panic is a permanent failure.
func (q *Queue) attempt(job *Job) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%w: %v", ErrPermanent, reason)
		}
	}()
	return q.handlers[job.Kind](job)
}

// settle decides what becomes of a job after an attempt.
func (q *Queue) settle(job *Job, err error, now int64) {
	switch {
	case err == nil:
		q.done++
	case errors.Is(err, ErrPermanent) || job.Attempts >= q.MaxAttempts:
		q.dead[job.ID] = err.Error()
	default:
		job.DueAt = now + q.delay(job.Attempts)
		q.enter(job)
	}
}

// NextDue returns the time at which the next job is due, or false if none is waiting.
func (q *Queue) NextDue() (int64, bool) {
	if len(q.waiting) == 0 {
		return 0, false
	}
	return q.waiting[0].DueAt, true
}

// Done returns how many jobs have succeeded.
func (q *Queue) Done() int {
	return q.done
}

// Dead lists the jobs that were given up, by ID, for example "7: out of memory".
func (q *Queue) Dead() []string {
	ids := make([]int, 0, len(q.dead))
	for id := range q.dead {
		ids = append(ids, id)
	}
	sort.Ints(ids)
	list := make([]string, 0, len(ids))
	for _, id := range ids {
		list = append(list, fmt.Sprintf("%d: %s", id, q.dead[id]))
	}
	return list
}
