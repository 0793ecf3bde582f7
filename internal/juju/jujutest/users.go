package jujutest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// keySize is the length of a secret key.
const keySize = 32

func (c *Controller) local(tag string) *user {
	return c.users[strings.ToLower(strings.TrimPrefix(tag, "user-"))]
}

func (c *Controller) userManager(who *user, method string, p params) object {
	super := who.level == "superuser"
	if !super && method != "UserInfo" && method != "SetPassword" {
		return failure("permission denied", "unauthorized access")
	}
	switch method {
	case "AddUser":
		return each(p.Users, c.add)
	case "UserInfo":
		if p.Entities == nil {
			return c.list(who, p.IncludeDisabled)
		}
		return each(p.Entities, func(e entity) object { return c.info(who, e.Tag) })
	case "SetPassword":
		return each(p.Changes, func(ch change) object {
			return c.alter(ch.Tag, func(u *user) bool {
				u.password = ch.Password
				return super || u == who
			})
		})
	case "ResetPassword":
		return each(p.Entities, func(e entity) object {
			item := c.alter(e.Tag, func(u *user) bool {
				if u.disabled || u == who {
					return false
				}
				u.password = ""
				return true
			})
			item["tag"] = e.Tag
			if item["error"] == nil {
				item["secret-key"] = slices.Repeat([]byte{7}, keySize)
			}
			return item
		})
	case "EnableUser", "DisableUser":
		return each(p.Entities, func(e entity) object {
			return c.alter(e.Tag, func(u *user) bool {
				u.disabled = method == "DisableUser"
				return true
			})
		})
	case "RemoveUser":
		return each(p.Entities, func(e entity) object { return c.remove(strings.TrimPrefix(e.Tag, "user-")) })
	default:
		return failure("no such request - method UserManager(3)."+method+" is not implemented", "not implemented")
	}
}

// alter changes a user. One who does not exist is refused like one whom the
// caller may not change.
func (c *Controller) alter(tag string, do func(*user) bool) object {
	if u := c.local(tag); u == nil || !do(u) {
		return denied()
	}
	return object{}
}

// add creates a user. One who had the name before leaves a password, unless
// there is a new one, and whether it is disabled.
func (c *Controller) add(wanted newUser) object {
	key := strings.ToLower(wanted.Name)
	if c.users[key] != nil {
		return refused("failed to create user: user "+wanted.Name+" already exists", "already exists")
	}
	u := &user{name: wanted.Name, display: wanted.Display, password: wanted.Password, level: "login"}
	if former := c.removed[key]; former != nil {
		u.disabled = former.disabled
		if u.password == "" {
			u.password = former.password
		}
	}
	c.users[key] = u
	item := object{"tag": "user-" + wanted.Name}
	if wanted.Password == "" {
		item["secret-key"] = slices.Repeat([]byte{1}, keySize)
	}
	return item
}

// remove removes a user with its levels on models.
func (c *Controller) remove(name string) object {
	key := strings.ToLower(name)
	switch {
	case c.users[key] == nil:
		return refused(fmt.Sprintf("failed to delete user %q: user %q not found", name, name), "not found")
	case key == Admin:
		return refused(`cannot delete controller owner "admin"`, "")
	}
	c.removed[key] = c.users[key]
	delete(c.users, key)
	for _, m := range c.models {
		delete(m.levels, key)
	}
	return object{}
}

func (c *Controller) list(who *user, includeDisabled bool) object {
	var shown []*user
	for _, key := range slices.Sorted(maps.Keys(c.users)) {
		u := c.users[key]
		if (who.level == "superuser" || u == who) && (includeDisabled || !u.disabled) {
			shown = append(shown, u)
		}
	}
	return each(shown, (*user).shown)
}

func (c *Controller) info(who *user, tag string) object {
	if name := strings.TrimPrefix(tag, "user-"); strings.Contains(name, "@") {
		return object{"result": object{"username": name, "date-created": time.Time{}}}
	}
	u := c.local(tag)
	if u == nil || who.level != "superuser" && u != who {
		return denied()
	}
	return u.shown()
}

func (u *user) shown() object {
	level := u.level
	if u.disabled {
		level = ""
	}
	return object{"result": object{
		"username": u.name, "display-name": u.display, "access": level, "created-by": Admin, "date-created": created, "disabled": u.disabled,
	}}
}
