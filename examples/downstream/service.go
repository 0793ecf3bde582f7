package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/usermgmt/usermgmt"
)

// directory is what the service uses of [usermgmt.UserManager]: two of the
// small interfaces that it is composed of, and one method of a third.
type directory interface {
	usermgmt.UserReader
	usermgmt.UserWriter
	CreateGroup(ctx context.Context, req usermgmt.CreateGroupRequest) (usermgmt.Group, error)
}

//go:generate go run github.com/matryer/moq@v0.8.1 -out mock_test.go . directory

// service lets people join teams and leave.
type service struct{ users directory }

func newService(users directory) *service { return &service{users} }

// joiner is the body of POST /joiners.
type joiner struct {
	Name string `json:"name"`
	Team string `json:"team"`
}

// join makes sure that the team exists and the joiner is in it. What was done
// already is not done again, so it can be called until it succeeds.
func (s *service) join(ctx context.Context, j joiner) (usermgmt.User, error) {
	_, err := s.users.CreateGroup(ctx, usermgmt.CreateGroupRequest{Name: j.Team})
	if err := usermgmt.IgnoreAlreadyExists(err); err != nil {
		return usermgmt.User{}, err
	}
	created, err := s.users.CreateUser(ctx, usermgmt.CreateUserRequest{Name: j.Name, Groups: []string{j.Team}})
	if e, ok := errors.AsType[*usermgmt.Error](err); ok && e.Ambiguous {
		return s.find(ctx, j, err)
	}
	return created.User, err
}

// find tells what became of a joiner after the answer was lost: only the server
// knows whether there is a user now. One that is not in the team is somebody
// else, who had the name before.
func (s *service) find(ctx context.Context, j joiner, lost error) (usermgmt.User, error) {
	user, err := s.users.GetUser(ctx, usermgmt.GetUserRequest{Name: j.Name})
	if err != nil || !slices.Contains(user.Groups, j.Team) {
		return usermgmt.User{}, lost
	}
	return user, nil
}

// leave deletes a user; one that is gone already is fine.
func (s *service) leave(ctx context.Context, name string) error {
	return s.users.DeleteUser(ctx, usermgmt.DeleteUserRequest{Name: name, IgnoreMissing: true})
}

// handler serves the service over HTTP.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /joiners", func(w http.ResponseWriter, r *http.Request) {
		var j joiner
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&j); err != nil {
			http.Error(w, "the body is no joiner", http.StatusBadRequest)
			return
		}
		user, err := s.join(r.Context(), j)
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{"name": user.Name, "teams": user.Groups})
	})
	mux.HandleFunc("DELETE /joiners/{name}", func(w http.ResponseWriter, r *http.Request) {
		if err := s.leave(r.Context(), r.PathValue("name")); err != nil {
			fail(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// fail answers with the status that the kind of the error stands for. The text
// of the error holds no secret, but names of the inside: it goes into a log, and
// not to the caller.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusBadGateway
	switch {
	case errors.Is(err, usermgmt.ErrAlreadyExists):
		status = http.StatusConflict
	case errors.Is(err, usermgmt.ErrInvalidArgument):
		status = http.StatusBadRequest
	case errors.Is(err, usermgmt.ErrUnavailable), errors.Is(err, usermgmt.ErrRateLimited):
		status = http.StatusServiceUnavailable
	}
	if e, ok := errors.AsType[*usermgmt.Error](err); ok && e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Round(time.Second)/time.Second)))
	}
	http.Error(w, http.StatusText(status), status)
}
