package jujutest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/coder/websocket"
)

// object is a JSON object.
type object = map[string]any

// frame is a request.
type frame struct {
	ID      uint64          `json:"request-id"`
	Type    string          `json:"type"`
	Request string          `json:"request"`
	Params  json.RawMessage `json:"params"`
}

// params holds the parameters of all methods.
type params struct {
	Tag             string    `json:"auth-tag"`
	Credentials     string    `json:"credentials"`
	Entities        []entity  `json:"entities"`
	Users           []newUser `json:"users"`
	Changes         []change  `json:"changes"`
	IncludeDisabled bool      `json:"include-disabled"`
	All             bool      `json:"all"`
	User            string    `json:"user-tag"`
	URLs            []string  `json:"offer-urls"`
}

type entity struct {
	Tag string `json:"tag"`
}

type newUser struct {
	Name     string `json:"username"`
	Display  string `json:"display-name"`
	Password string `json:"password"`
}

type change struct {
	Access   string `json:"access"`
	Action   string `json:"action"`
	Password string `json:"password"`
	Tag      string `json:"tag"`
	User     string `json:"user-tag"`
	Model    string `json:"model-tag"`
	Offer    string `json:"offer-url"`
	Cloud    string `json:"cloud-tag"`
}

// failure is the answer to a request that failed as a whole.
func failure(message, code string) object {
	return object{"error": message, "error-code": code, "response": object{}}
}

// refused is an item that failed.
func refused(message, code string) object {
	return object{"error": object{"message": message, "code": code}}
}

func denied() object { return refused("permission denied", "unauthorized access") }

// each is the answer with one item for each of list; none is null.
func each[T any](list []T, item func(T) object) object {
	var results []object
	for _, t := range list {
		results = append(results, item(t))
	}
	return object{"response": object{"results": results}}
}

func (c *Controller) serve(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithoutCancel(r.Context())
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(-1)
	caller := ""
	for {
		_, data, err := ws.Read(ctx)
		if err != nil {
			return
		}
		var f frame
		var p params
		if json.Unmarshal(data, &f) != nil || json.Unmarshal(f.Params, &p) != nil {
			return
		}
		answer := c.answer(&caller, f, p)
		answer["request-id"] = f.ID
		out, err := json.Marshal(answer)
		if err != nil || ws.Write(ctx, websocket.MessageText, out) != nil {
			return
		}
	}
}

func (c *Controller) answer(caller *string, f frame, p params) object {
	c.mu.Lock()
	defer c.mu.Unlock()
	method := f.Type + "." + f.Request
	if method == "Admin.Login" {
		return c.logIn(caller, p)
	}
	c.requests = append(c.requests, method+" "+string(f.Params))
	who := c.users[*caller]
	switch {
	case f.Type == "Pinger":
		return object{"response": object{}}
	case who == nil:
		return failure("permission denied", "unauthorized access")
	case f.Type == "UserManager":
		return c.userManager(who, f.Request, p)
	case strings.HasPrefix(f.Request, "Modify"):
		return each(p.Changes, c.modify)
	default:
		return c.read(who, method, p)
	}
}

func (c *Controller) logIn(caller *string, p params) object {
	u := c.login(strings.TrimPrefix(p.Tag, "user-"), p.Credentials)
	if u == nil {
		return failure("invalid entity name or password", "unauthorized access")
	}
	*caller = strings.ToLower(u.name)
	facade := func(name string, versions ...int) object { return object{"name": name, "versions": versions} }
	return object{"response": object{
		"user-info":      object{"identity": "user-" + u.name, "display-name": u.display, "controller-access": u.level},
		"controller-tag": "controller-deadbeef-1bad-500d-9000-4b1d0d06f00d", "server-version": Version,
		"facades": []object{
			facade("UserManager", 3), facade("Controller", 11), facade("ModelManager", 9), facade("ApplicationOffers", 4), facade("Cloud", 7), facade("Pinger", 1),
		},
	}}
}
