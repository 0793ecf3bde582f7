package cognite

// userUpdate changes the credentials of one user.
type userUpdate struct {
	Username string `json:"username"`
	Update   *struct {
		Credentials *struct {
			Set     *credentials `json:"set"`
			SetNull bool         `json:"setNull"`
		} `json:"credentials"`
	} `json:"update"`
}

// check refuses an update that does not say what to do.
func (u userUpdate) check() error {
	switch {
	case u.Username == "":
		return badRequest("items[0].username is required")
	case u.Update == nil:
		return badRequest("items[0].update is required")
	case u.Update.Credentials == nil:
		return nil
	}
	change := u.Update.Credentials
	if (change.Set != nil) == change.SetNull {
		return badRequest("items[0].update.credentials must have one of set and setNull")
	}
	if change.Set != nil && change.Set.Nonce == "" {
		return badRequest("items[0].update.credentials.set.nonce is required")
	}
	return nil
}

// updateUser serves POST /postgresgateway/update.
func (s *Server) updateUser(c *call) (answer, error) {
	body, err := decodeItems[userUpdate](c, 1)
	if err != nil {
		return answer{}, err
	}
	wanted := body.Items[0]
	if err := wanted.check(); err != nil {
		return answer{}, err
	}
	if err := c.checkReach(actionWrite, wanted.Username); err != nil {
		return answer{}, err
	}
	u, err := s.user(c, wanted.Username)
	if err != nil {
		return answer{}, err
	}
	if change := wanted.Update.Credentials; change != nil {
		var session int64
		if change.Set != nil {
			if session, err = c.project.bind(change.Set.Nonce); err != nil {
				return answer{}, err
			}
		}
		u.SessionID, u.LastUpdatedTime = session, s.now()
	}
	shown := usersBody{Items: []User{u.User}}
	if s.opts.UpdateCursor {
		shown.NextCursor = "none"
	}
	return success(shown), nil
}
