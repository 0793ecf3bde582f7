package jujutest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// read answers the methods that change nothing, but for UserManager.
func (c *Controller) read(who *user, method string, p params) object {
	super, caller := who.level == "superuser", strings.ToLower(who.name)
	switch method {
	case "Controller.GetControllerAccess":
		return each(p.Entities, func(e entity) object {
			u := c.local(e.Tag)
			if u == nil || !super && u != who {
				return denied()
			}
			return object{"result": object{"user-tag": e.Tag, "access": u.level}}
		})
	case "Controller.ControllerAPIInfoForModels":
		return each(p.Entities, func(entity) object {
			return object{"addresses": []string{"10.0.0.1:17070"}, "cacert": "-----BEGIN CERTIFICATE-----\n"}
		})
	case "Controller.IdentityProviderURL":
		return object{"response": object{"result": ""}}
	case "ModelManager.ListModelSummaries":
		name := strings.ToLower(strings.TrimPrefix(p.User, "user-"))
		shown := slices.DeleteFunc(slices.Clone(c.models), func(m *place) bool { return (!p.All || !super) && m.levels[name] == "" })
		return each(shown, func(m *place) object {
			summary := m.model()
			summary["user-access"] = m.levels[name]
			return object{"result": summary}
		})
	case "ModelManager.ModelInfo":
		return each(p.Entities, func(e entity) object {
			m := find(c.models, func(m *place) bool { return "model-"+m.uuid == e.Tag })
			if m == nil || !super && m.levels[caller] == "" {
				return denied()
			}
			info := m.model()
			info["users"] = m.users(caller, super)
			return object{"result": info}
		})
	case "ApplicationOffers.ListApplicationOffers":
		return each(c.offers, func(o *place) object { return o.offer(caller, super) })
	case "ApplicationOffers.ApplicationOffers":
		return each(p.URLs, func(url string) object {
			o := find(c.offers, func(o *place) bool { return o.name == url })
			if o == nil {
				return refused(fmt.Sprintf("application offer %q not found", url), "not found")
			}
			return object{"result": o.offer(caller, super)}
		})
	case "Cloud.CloudInfo":
		return each(p.Entities, func(e entity) object {
			cloud := find(c.clouds, func(p *place) bool { return "cloud-"+p.name == e.Tag })
			if cloud == nil {
				return refused("cloud not found", "not found")
			}
			return object{"result": object{"type": "lxd", "users": cloud.users(caller, super)}}
		})
	default:
		return failure("no such request - method "+method+" is not implemented", "not implemented")
	}
}

func find(places []*place, match func(*place) bool) *place {
	if i := slices.IndexFunc(places, match); i >= 0 {
		return places[i]
	}
	return nil
}

func (p *place) model() object {
	return object{"name": p.name, "uuid": p.uuid, "owner-tag": "user-" + p.owner, "is-controller": p.name == "controller", "life": "alive", "last-connection": nil}
}

func (p *place) offer(caller string, super bool) object {
	_, name, _ := strings.Cut(p.name, ".")
	return object{"offer-url": p.name, "offer-name": name, "users": p.users(caller, super)}
}

// users are those with a level. Who is no administrator sees only itself.
func (p *place) users(caller string, super bool) []object {
	var list []object
	for _, name := range slices.Sorted(maps.Keys(p.levels)) {
		if super || p.levels[caller] == "admin" || name == caller {
			list = append(list, object{"user": name, "display-name": "", "access": p.levels[name]})
		}
	}
	return list
}

// modify grants or revokes a level. Revoking sets the level beneath it,
// whatever was held.
func (c *Controller) modify(ch change) object {
	name := strings.TrimPrefix(ch.User, "user-")
	u := c.local(ch.User)
	if u == nil && !strings.Contains(name, "@") {
		return refused(fmt.Sprintf("user %q does not exist locally: user %q not found", name, name), "not found")
	}
	order := []string{"login", "superuser"}
	var at *place
	switch {
	case ch.Model != "":
		order, at = []string{"read", "write", "admin"}, find(c.models, func(p *place) bool { return "model-"+p.uuid == ch.Model })
	case ch.Offer != "":
		order, at = []string{"read", "consume", "admin"}, find(c.offers, func(p *place) bool { return p.name == ch.Offer })
	case ch.Cloud != "":
		order, at = []string{"add-model", "admin"}, find(c.clouds, func(p *place) bool { return "cloud-"+p.name == ch.Cloud })
	case u != nil:
		at = &place{levels: map[string]string{strings.ToLower(name): u.level}}
		defer func() { u.level = at.levels[strings.ToLower(name)] }()
	}
	if at == nil {
		return refused("not found", "not found")
	}
	return at.move(strings.ToLower(name), ch.Action, ch.Access, order)
}

func (p *place) move(name, action, level string, order []string) object {
	have, want := slices.Index(order, p.levels[name]), slices.Index(order, level)
	switch {
	case action == "grant" && have >= want:
		return refused(fmt.Sprintf("user already has %q access or greater", level), "")
	case action == "grant":
		p.levels[name] = level
	case have < 0:
		return refused(fmt.Sprintf("could not revoke access: user %q does not exist", name), "not found")
	case want == 0:
		delete(p.levels, name)
	default:
		p.levels[name] = order[want-1]
	}
	return object{}
}
