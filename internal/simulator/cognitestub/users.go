package cognitestub

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// user is a user of the gateway.
type user struct {
	Username    string `json:"username"`
	CreatedTime int64  `json:"createdTime"`
	UpdatedTime int64  `json:"lastUpdatedTime"`
	SessionID   int64  `json:"sessionId,omitempty"`

	number int64 // in the order of creation
}

// createdUser is a user with what is shown once.
type createdUser struct {
	*user

	Host     string `json:"host"`
	Password string `json:"password"`
}

// nonceItem is one item of a request that binds a session.
type nonceItem struct {
	Username    string `json:"username"`
	Credentials struct {
		Nonce string `json:"nonce"`
	} `json:"credentials"`
	Update struct {
		Credentials struct {
			Set *struct {
				Nonce string `json:"nonce"`
			} `json:"set"`
			SetNull bool `json:"setNull"`
		} `json:"credentials"`
	} `json:"update"`
}

// SeedUser makes a user of a name, with a session.
func (s *Server) SeedUser(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.newSession()
	made.Status = "ACTIVE"
	s.addUser(name, made.ID)
}

// Usernames returns the names of the users, in the order of their creation.
func (s *Server) Usernames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, len(s.users))
	for i, u := range s.users {
		names[i] = u.Username
	}
	return names
}

// addUser makes a user; s.mu is held.
func (s *Server) addUser(name string, session int64) *user {
	now := s.options.Now().UnixMilli()
	made := &user{Username: name, CreatedTime: now, UpdatedTime: now, SessionID: session, number: s.next()}
	s.users = append(s.users, made)
	return made
}

func (s *Server) user(name string) *user {
	i := slices.IndexFunc(s.users, func(u *user) bool { return u.Username == name })
	if i < 0 {
		return nil
	}
	return s.users[i]
}

func (s *Server) createUser(in request) reply {
	list := items[nonceItem](in, 1)
	if list == nil {
		return failed(http.StatusBadRequest, "items must hold exactly one item")
	}
	bound := s.bind(list[0].Credentials.Nonce)
	if bound == nil {
		return failed(http.StatusBadRequest, "Failed to bind nonce with session")
	}
	made := s.addUser(fmt.Sprintf("pg_%d", s.next()), bound.ID)
	return ok(createdUser{made, "fdw.stand-in.example.com", fmt.Sprintf("once-only-%d", s.next())})
}

func (s *Server) updateUser(in request) reply {
	list := items[nonceItem](in, 1)
	if list == nil {
		return failed(http.StatusBadRequest, "items must hold exactly one item")
	}
	found := s.user(list[0].Username)
	if found == nil {
		return notFound(anyRef{Username: list[0].Username})
	}
	switch change := list[0].Update.Credentials; {
	case change.SetNull:
		found.SessionID = 0
	case change.Set != nil:
		bound := s.bind(change.Set.Nonce)
		if bound == nil {
			return failed(http.StatusBadRequest, "Failed to bind nonce with session")
		}
		found.SessionID = bound.ID
	}
	found.UpdatedTime = s.options.Now().UnixMilli()
	return ok(found)
}

func (s *Server) deleteUser(in request) reply {
	list := items[anyRef](in, 1)
	if list == nil {
		return failed(http.StatusBadRequest, "items must hold exactly one item")
	}
	if s.user(list[0].Username) == nil && !in.IgnoreUnknown {
		return notFound(list[0])
	}
	s.users = slices.DeleteFunc(s.users, func(u *user) bool { return u.Username == list[0].Username })
	return reply{http.StatusOK, struct{}{}}
}

func (s *Server) getUsers(in request) reply {
	list := items[anyRef](in, 10)
	if list == nil {
		return failed(http.StatusBadRequest, "items must hold 1 to 10 items")
	}
	var found []*user
	var missing []anyRef
	for _, item := range list {
		if u := s.user(item.Username); u != nil {
			found = append(found, u)
		} else {
			missing = append(missing, item)
		}
	}
	if len(missing) > 0 && !in.IgnoreUnknown {
		return notFound(missing...)
	}
	slices.Reverse(found) // the order of the answer is not that of the request
	return ok(found...)
}

func (s *Server) listUsers(in request) reply {
	limit, err := strconv.Atoi(first(in.query["limit"], "25"))
	if err != nil || limit < 1 || limit > 100 {
		return failed(http.StatusBadRequest, "limit must be 1 to 100")
	}
	after, err := strconv.ParseInt(first(in.query["cursor"], "0"), 36, 64)
	if err != nil {
		return failed(http.StatusBadRequest, "cursor is not one")
	}
	page := itemList[*user]{Items: []*user{}}
	for _, u := range s.users {
		if u.number <= after {
			continue
		}
		if len(page.Items) == limit {
			page.NextCursor = strconv.FormatInt(page.Items[limit-1].number, 36)
			break
		}
		page.Items = append(page.Items, u)
	}
	return reply{http.StatusOK, page}
}

// first returns the first of values, otherwise if there is none.
func first(values []string, otherwise string) string {
	if len(values) == 0 {
		return otherwise
	}
	return values[0]
}
