// A client for the API of a package registry.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Reply is the answer to a request.
type Reply struct {
	Status int
	Header map[string]string
	Body   string
}

// Transport sends a request and returns the reply.
type Transport func(method, address, token string) (Reply, error)

// Package is a package in the registry.
type Package struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Status  string `json:"status,omitempty"`
}

// Errors that callers may want to handle.
var (
	ErrNotFound = errors.New("not found")
	ErrDenied   = errors.New("access denied")
)

// APIError is the error for any other status of 400 or more.
type APIError struct {
	Status  int
	Message string
}

func (e *APIError) Error() string {
	return fmt.Sprintf("registry answered %d: %s", e.Status, e.Message)
}

// Client talks to the registry of one project.
type Client struct {
	base  string
	token string
	send  Transport
}

// NewClient returns a client for a project, given by its full path.
func NewClient(host, project, token string, send Transport) *Client {
	base := strings.TrimSuffix(host, "/") + "/api/v4/projects/" + url.PathEscape(project)
	return &Client{base: base, token: token, send: send}
}

// call sends a request and decodes the body of the reply into result, unless that is nil.
func (c *Client) call(method, path string, query url.Values, result any) (Reply, error) {
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	reply, err := c.send(method, address, c.token)
	if err != nil {
		return Reply{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if err := failure(reply); err != nil {
		return Reply{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if result != nil {
		if err := json.Unmarshal([]byte(reply.Body), result); err != nil {
			return Reply{}, fmt.Errorf("%s %s: unreadable reply: %w", method, path, err)
		}
	}
	return reply, nil
}

// failure returns the error that a reply stands for, or nil.
func failure(reply Reply) error {
	switch {
	case reply.Status < 400:
		return nil
	case reply.Status == 404:
		return ErrNotFound
	case reply.Status == 401 || reply.Status == 403:
		return ErrDenied
	}
	var body struct {
		Message string
		Error   string
	}
	if json.Unmarshal([]byte(reply.Body), &body) != nil {
		return &APIError{reply.Status, "no message"}
	}
	if body.Message == "" {
		body.Message = body.Error
	}
	return &APIError{reply.Status, body.Message}
}

// Packages returns the packages with a name from all pages, or all packages if the name is
// empty.
func (c *Client) Packages(name string, perPage int) ([]Package, error) {
	packages := []Package{}
	query := url.Values{"per_page": {strconv.Itoa(perPage)}}
	if name != "" {
		query.Set("package_name", name)
	}
	for page := "1"; page != ""; {
		query.Set("page", page)
		var found []Package
		reply, err := c.call("GET", "/packages", query, &found)
		if err != nil {
			return nil, err
		}
		packages = append(packages, found...)
		page = reply.Header["X-Next-Page"]
	}
	return packages, nil
}

// Find returns the package with exactly this name and version.
func (c *Client) Find(name, version string) (Package, error) {
	packages, err := c.Packages(name, 100)
	if err != nil {
		return Package{}, err
	}
	for _, candidate := range packages {
		if candidate.Name == name && candidate.Version == version {
			return candidate, nil
		}
	}
	return Package{}, ErrNotFound
}

// Delete removes a package. A package that is not there is no error.
func (c *Client) Delete(id int) error {
	_, err := c.call("DELETE", fmt.Sprintf("/packages/%d", id), nil, nil)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Prune removes the packages with the status "error" and returns their names. It goes on
// after failures and returns the first.
func (c *Client) Prune() ([]string, error) {
	packages, err := c.Packages("", 100)
	if err != nil {
		return nil, err
	}
	removed := []string{}
	var first error
	for _, candidate := range packages {
		if candidate.Status != "error" {
			continue
		}
		if err := c.Delete(candidate.ID); err == nil {
			removed = append(removed, candidate.Name)
		} else if first == nil {
			first = err
		}
	}
	return removed, first
}
