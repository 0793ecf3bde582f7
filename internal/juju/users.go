package juju

import (
	"context"
	"strings"
	"time"

	"github.com/usermgmt/usermgmt/internal/fault"
)

// User is a user of the controller.
type User struct {
	// Name is the user's name.
	Name string
	// DisplayName is the name for people to read: any text.
	DisplayName string
	// Access is the user's level on the controller, empty if there is none or
	// the user is disabled.
	Access string
	// CreatedBy is who created the user.
	CreatedBy string
	// Created is when the user was created, zero if unknown.
	Created time.Time
	// LastConnection is when the user last logged in, zero if never.
	LastConnection time.Time
	// Disabled is set if the user cannot log in.
	Disabled bool
}

// userInfo is a user on the wire.
type userInfo struct {
	Name           string    `json:"username"`
	DisplayName    string    `json:"display-name"`
	Access         string    `json:"access"`
	CreatedBy      string    `json:"created-by"`
	Created        time.Time `json:"date-created"`
	LastConnection time.Time `json:"last-connection"`
	Disabled       bool      `json:"disabled"`
}

func (u userInfo) user() User {
	u.Name = strings.TrimSuffix(u.Name, "@local")
	return User(u)
}

// userResult is an item of the answer to UserInfo.
type userResult struct {
	outcome

	Result *userInfo `json:"result"`
}

func (r userResult) user() (User, error) {
	if r.Result == nil {
		return User{}, badAnswer()
	}
	return r.Result.user(), nil
}

// userQuery are the parameters of UserInfo.
type userQuery struct {
	Entities        []entity `json:"entities"`
	IncludeDisabled bool     `json:"include-disabled"`
}

// Users returns users by name, local or external, disabled or not:
// UserManager.UserInfo. Each comes with its own spelling of the name.
func (c *Client) Users(ctx context.Context, names ...string) ([]Item[User], error) {
	about, err := subjects("Name", names, user)
	if err != nil {
		return nil, err
	}
	query := userQuery{IncludeDisabled: true}
	for _, s := range about {
		query.Entities = append(query.Entities, entity{s.tag})
	}
	r := request{facade: "UserManager", method: "UserInfo", local: true, params: same(query)}
	list, err := items(ctx, c, r, about, userResult.user)
	for i, item := range list {
		if item.Err == nil && !SameUser(userPrefix+item.Value.Name, about[i].tag) {
			list[i] = Item[User]{Err: fault.New(fault.Internal, "the server answered with another user than the one asked for")}
		}
	}
	return list, err
}

// User returns the user of a name: UserManager.UserInfo.
func (c *Client) User(ctx context.Context, name string) (User, error) { return one(c.Users(ctx, name)) }

// ListUsers returns the users that the caller may see, who is the caller alone
// unless a superuser: UserManager.UserInfo.
func (c *Client) ListUsers(ctx context.Context, includeDisabled bool) ([]User, error) {
	var list []User
	r := request{facade: "UserManager", method: "UserInfo", local: true, params: same(userQuery{IncludeDisabled: includeDisabled})}
	err := send(ctx, c, r, func(s *Session, answer results[userResult]) error {
		list = make([]User, 0, len(answer.Results))
		for _, result := range answer.Results {
			if result.Error != nil {
				return s.judge(r, subject{}, *result.Error)
			}
			u, err := result.user()
			if err != nil {
				return err
			}
			list = append(list, u)
		}
		return nil
	})
	return list, err
}
