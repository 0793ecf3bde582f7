package cognite

import "github.com/go-json-experiment/json/jsontext"

// Limits on gateway users.
const (
	maxUsersRead     = 10
	maxUsersPage     = 100
	maxUsersPostPage = 10
)

// User is a user of the gateway.
type User struct {
	// Username is the name, which the server makes up.
	Username string `json:"username"`
	// CreatedTime is when the user was created, in milliseconds since the Unix
	// epoch.
	CreatedTime int64 `json:"createdTime"`
	// LastUpdatedTime is when the credentials last changed.
	LastUpdatedTime int64 `json:"lastUpdatedTime"`
	// SessionID is the session with whose rights the user acts; 0 is none.
	SessionID int64 `json:"sessionId,omitzero"`
}

// userState is a user with what the server keeps beneath it. There is no
// password: only the answer that creates a user has it.
type userState struct {
	User

	tables *collection[string, Table]
}

func newUserState(u User) *userState {
	return &userState{u, newCollection[string, Table]()}
}

// createdUser is a user in the answer that creates it.
type createdUser struct {
	User

	Host     string `json:"host"`
	Password string `json:"password"`
}

// usersBody is the body of an answer with users.
type usersBody struct {
	Items      []User `json:"items"`
	NextCursor string `json:"nextCursor,omitzero"`
}

// credentials bind a user to a session.
type credentials struct {
	Nonce string `json:"nonce"`
}

// createUser serves POST /postgresgateway.
func (s *Server) createUser(c *call) (answer, error) {
	body, err := decodeItems[struct {
		Credentials *credentials `json:"credentials"`
	}](c, 1)
	if err != nil {
		return answer{}, err
	}
	if err := c.checkReach(actionWrite, ""); err != nil {
		return answer{}, err
	}
	added := User{CreatedTime: s.now(), LastUpdatedTime: s.now()}
	switch given := body.Items[0].Credentials; {
	case given == nil && s.opts.RequireCredentials:
		return answer{}, badRequest("items[0].credentials is required")
	case given != nil && given.Nonce == "":
		return answer{}, badRequest("items[0].credentials.nonce is required")
	case given != nil:
		if added.SessionID, err = c.project.bind(given.Nonce); err != nil {
			return answer{}, err
		}
	}
	added.Username = s.opts.Make(Username)
	c.project.users.put(added.Username, newUserState(added))
	shown := createdUser{added, "fdw." + s.opts.Cluster + ".cogniteapp.com", s.opts.Make(Password)}
	return success(map[string][]createdUser{"items": {shown}}), nil
}

// user returns a user by name.
func (s *Server) user(c *call, name string) (*userState, error) {
	if u, known := c.project.users.get(name); known {
		return u, nil
	}
	return nil, s.missing([]jsontext.Value{encode(usernameKey{name})})
}

func (k usernameKey) key() string { return k.Username }

// namedUsers decodes a body that names up to most users, checks that the
// principal may do the action to them, and looks them up.
func (s *Server) namedUsers(c *call, most int, action string) ([]*userState, error) {
	body, err := decodeItems[usernameKey](c, most)
	if err != nil {
		return nil, err
	}
	if err := required(body.Items, "username", usernameKey.key); err != nil {
		return nil, err
	}
	for _, item := range body.Items {
		if err := c.checkReach(action, item.Username); err != nil {
			return nil, err
		}
	}
	found, missing, err := lookup(body.Items, usernameKey.key, c.project.users)
	if err != nil {
		return nil, err
	}
	ignore := body.IgnoreUnknownIDs || action == actionWrite && body.Misspelled && !s.opts.DocumentedKeysOnly
	if missing != nil && !ignore {
		return nil, s.missing(missing)
	}
	return found, nil
}

// readUsers serves POST /postgresgateway/byids.
func (s *Server) readUsers(c *call) (answer, error) {
	found, err := s.namedUsers(c, maxUsersRead, actionRead)
	if err != nil {
		return answer{}, err
	}
	shown := usersBody{}
	for _, u := range found {
		shown.Items = append(shown.Items, u.User)
	}
	return success(shown), nil
}

// deleteUser serves POST /postgresgateway/delete.
func (s *Server) deleteUser(c *call) (answer, error) {
	found, err := s.namedUsers(c, 1, actionWrite)
	if err != nil {
		return answer{}, err
	}
	for _, u := range found {
		c.project.users.remove(u.Username)
		if held, known := c.project.sessions.get(u.SessionID); known && s.opts.RevokeWithUser {
			held.end(Revoked)
		}
	}
	return empty(), nil
}

// listUsers serves GET /postgresgateway.
func (s *Server) listUsers(c *call) (answer, error) {
	limit, err := c.queryLimit(maxUsersPage)
	if err != nil {
		return answer{}, err
	}
	return s.usersPage(c, limit, c.request.URL.Query().Get("cursor"))
}

// listUsersByPost serves POST /postgresgateway/list, whose cursors are those of
// GET /postgresgateway.
func (s *Server) listUsersByPost(c *call) (answer, error) {
	body, err := decode[struct {
		Limit  *int   `json:"limit"`
		Cursor string `json:"cursor"`
	}](c)
	if err != nil {
		return answer{}, err
	}
	limit := maxUsersPostPage
	if body.Limit != nil {
		limit = *body.Limit
	}
	if err := checkLimit(limit, maxUsersPostPage); err != nil {
		return answer{}, err
	}
	return s.usersPage(c, limit, body.Cursor)
}

// usersPage returns one page of the users whom the principal may read.
func (s *Server) usersPage(c *call, limit int, at string) (answer, error) {
	keep := func(u User) bool { return c.reaches(actionRead, u.Username) }
	return page(s, listing{"users", limit, at}, c.project, c.project.users, (*userState).view, keep)
}

// view returns what a listing shows of a user.
func (u *userState) view() User { return u.User }
