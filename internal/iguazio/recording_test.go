package iguazio

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/transcript"
)

// recorded is an exchange of the reference client, with the query as it was
// on the wire.
type recorded struct {
	transcript.Exchange

	raw string
}

func readExchanges(tb testing.TB, s *transcript.Scenario) []recorded {
	tb.Helper()
	var raw struct {
		Exchanges []struct {
			Request struct {
				Query string `json:"raw_query"`
			} `json:"request"`
		} `json:"exchanges"`
	}
	require.NoError(tb, s.Decode(&raw))
	exchanges := make([]recorded, len(s.Exchanges))
	for i, e := range s.Exchanges {
		exchanges[i] = recorded{e, raw.Exchanges[i].Request.Query}
	}
	return exchanges
}

// is reports whether the request is of a method, has a path that matches, and
// that query.
func (e recorded) is(method, path, query string) bool {
	return e.Request.Method == method && e.raw == query && regexp.MustCompile("^/api/"+path+"$").MatchString(e.Request.Path)
}

// drop returns the exchanges without those that needless points out.
func drop(exchanges []recorded, needless func(before []recorded, e recorded) bool) []recorded {
	var kept []recorded
	for i, e := range exchanges {
		if !needless(exchanges[:i], e) {
			kept = append(kept, e)
		}
	}
	return kept
}

func last(exchanges []recorded) recorded {
	if len(exchanges) == 0 {
		return recorded{}
	}
	return exchanges[len(exchanges)-1]
}

// shows reports whether the answer holds a text.
func (e recorded) shows(text string) bool { return strings.Contains(string(e.Response.Body), text) }

const groups = "include=user_groups"

// A difference is a way in which our client does not do as the reference
// does. It turns what was recorded into what ours has to do.
type difference struct {
	name    string
	because string
	apply   func(p *player, exchanges []recorded) []recorded
}

var differences = []difference{
	{"an ended job is not read again", "the answer that told its end has everything", func(_ *player, exchanges []recorded) []recorded {
		return drop(exchanges, func(before []recorded, e recorded) bool {
			previous := last(before)
			return e.is("GET", "jobs/.*", "") && previous.Request.Path == e.Request.Path &&
				(previous.shows(`"completed"`) || previous.shows(`"failed"`) || previous.shows(`"canceled"`))
		})
	}},
	{"a user is operational by one answer", "that with the groups tells the status and the membership in all_users", func(p *player, exchanges []recorded) []recorded {
		if p.operation == "user.is_operational" {
			e := last(exchanges)
			e.raw, e.Request.Query = groups, transcript.Query{"include": {"user_groups"}} // where the user is down, the reference stops after a read without them
			return []recorded{e}
		}
		if p.operation == seedPage {
			return slices.Delete(exchanges, 2, 9) // leaves the first read of creating and the last of the question
		}
		if p.operation != "User.create" {
			return exchanges
		}
		kept := drop(exchanges, func(before []recorded, e recorded) bool {
			return e.is("GET", "users/[^/]*", "") || strings.HasPrefix(e.Request.Path, "/api/user_groups") ||
				e.is("GET", "users/[^/]*", groups) && strings.HasPrefix(last(before).Request.Path, "/api/user_groups")
		})
		if p.expect == "ok" && !last(kept).shows("all_users") {
			kept = append(kept, last(exchanges)) // ours asks until it sees what the reference saw at the end
		}
		return kept
	}},
	{"what a name leads to is not read again", "the list that was asked for it shows the same", func(_ *player, exchanges []recorded) []recorded {
		return drop(exchanges, func(before []recorded, e recorded) bool {
			previous := last(before)
			return e.is("GET", "[a-z_]*/[^/]*", "") && strings.HasPrefix(previous.raw, "filter%5B") && strings.HasPrefix(e.Request.Path, previous.Request.Path+"/")
		})
	}},
	{"a group is not read for its ID", "the ID is what was given", func(p *player, exchanges []recorded) []recorded {
		if !slices.Contains([]string{"user.add_to_group", "user.remove_from_group", "user.set_primary_group", seedPage}, p.operation) {
			return exchanges
		}
		return drop(exchanges, func(_ []recorded, e recorded) bool { return e.is("GET", "user_groups/[^/]*", "") })
	}},
	{"what a change of groups led to is not read again", "nothing of it is used", func(_ *player, exchanges []recorded) []recorded {
		return drop(exchanges, func(before []recorded, e recorded) bool {
			return e.is("GET", "users/[^/]*", "") && last(before).Request.Method == http.MethodPut && strings.Contains(string(last(before).Request.Body), `"user_groups"`)
		})
	}},
	{"the primary group is read with the groups", "one read is enough for both", mergePrimary},
	{"members are read once", "each list is in the same answer", func(p *player, exchanges []recorded) []recorded {
		if p.operation != "project.get_admin_users; get_viewer_groups" && p.operation != "project.set_members" && p.operation != "project.set_membership" {
			return exchanges
		}
		return drop(exchanges, func(before []recorded, e recorded) bool {
			return e.is("GET", "projects/[^/]*", "") || e.raw != "" && last(before).raw == e.raw && last(before).Request.Path == e.Request.Path
		})
	}},
	{"the login is verified first", "only that tells a bad key; after it there is no need to ask for a version", func(p *player, exchanges []recorded) []recorded {
		if p.name == "session-access-key-rejected" {
			return exchanges[len(exchanges)-1:]
		}
		if !strings.HasPrefix(p.operation, "Client(") {
			return exchanges
		}
		if verify := slices.IndexFunc(exchanges, func(e recorded) bool { return strings.Contains(e.Request.Path, "/verifications/") }); verify > 0 {
			first := slices.IndexFunc(exchanges, func(e recorded) bool { return strings.Contains(e.Request.Path, "/tunnel/") })
			moved := exchanges[verify]
			exchanges = slices.Insert(slices.Delete(slices.Clone(exchanges), verify, verify+1), first, moved)
		}
		return exchanges
	}},
	{"lists are read by pages", "nobody knows whether the server cuts a list that has none", func(p *player, exchanges []recorded) []recorded {
		if !strings.Contains(p.operation, ".list") && p.operation != seedPage {
			return exchanges
		}
		for i, e := range exchanges {
			lookup := strings.Contains(e.raw, "username%5D") && p.operation == seedPage
			if e.Request.Method != http.MethodGet || e.Request.Path != "/api/users" && e.Request.Path != "/api/user_groups" || strings.Contains(e.raw, "page%5B") || lookup {
				continue
			}
			query := url.Values(e.Request.Query)
			query.Set("page[number]", "0")
			query.Set("page[size]", "200")
			exchanges[i].raw = strings.Trim(e.raw+"&page%5Bnumber%5D=0&page%5Bsize%5D=200", "&")
		}
		return exchanges
	}},
	{"only what changes is written", "what is not named stays; the reference reverts what others changed since it read", sparse},
	{"only roles that change are written", "the others keep what somebody else may write meanwhile", changedRoles},
}

// mergePrimary makes one exchange of those that read the groups of a user and
// its primary group, before it leaves a group.
func mergePrimary(p *player, exchanges []recorded) []recorded {
	const primary = "include=primary_group"
	if !strings.Contains(p.operation, "remove_") && p.operation != seedPage {
		return exchanges
	}
	for i := range exchanges {
		if i == 0 || exchanges[i].raw != primary || exchanges[i-1].raw != groups {
			continue
		}
		e := &exchanges[i-1]
		e.raw, e.Request.Query = groups+"%2Cprimary_group", transcript.Query{"include": {"user_groups,primary_group"}}
		if exchanges[i].shows(`"primary_group"`) {
			var both, other struct {
				Data resource `json:"data"`
			}
			require.NoError(p, json.Unmarshal(e.Response.Body, &both))
			require.NoError(p, json.Unmarshal(exchanges[i].Response.Body, &other))
			id := other.Data.Relationships["primary_group"].first()
			text := strings.Replace(string(e.Response.Body), `"user_groups": {`, `"primary_group": {"data": {"type": "user_group", "id": "`+id+`"}}, "user_groups": {`, 1)
			require.NotEqual(p, string(e.Response.Body), text)
			e.Response.Body = jsontext.Value(text)
		}
	}
	return drop(exchanges, func(_ []recorded, e recorded) bool {
		return e.raw == primary && !strings.Contains(p.name, "keeps-primary")
	})
}

// unseen are the attributes that change in recordings whose first request is
// the change, so that what was there before is not known.
var unseen = map[string][]string{
	"user-disable-enable-instance": {"admin_status"},
	"user-update-missing":          {"last_name"},
	"project-set-owner-get-owner":  {},
}

type putBody struct {
	Data struct {
		Type          string                    `json:"type"`
		Attributes    map[string]jsontext.Value `json:"attributes"`
		Relationships jsontext.Value            `json:"relationships"`
	} `json:"data"`
}

// sparse takes the attributes out of changes that are as the server showed
// them last, and those that the reference makes up for ones that are missing.
func sparse(p *player, exchanges []recorded) []recorded {
	puts := 0
	for i, e := range exchanges {
		if e.Request.Method != http.MethodPut {
			continue
		}
		puts++
		var sent putBody
		require.NoError(p, json.Unmarshal(e.Request.Body, &sent))
		before, known := p.shownBefore(e)
		for name, value := range sent.Data.Attributes {
			old, has := before[name]
			unchanged := has && canonical(p, old) == canonical(p, value) || !has && string(value) == `""`
			if p.operation == seedPage && puts > 1 && name == "last_name" {
				unchanged = true // the page writes the user back as it was at first
			}
			if !known {
				unchanged = !slices.Contains(unseen[p.name], name)
			}
			if unchanged {
				delete(sent.Data.Attributes, name)
			}
		}
		text, err := json.Marshal(sent, json.FormatNilMapAsNull(false))
		require.NoError(p, err)
		exchanges[i].Request.Body = text
	}
	return exchanges
}

// shownBefore returns the attributes of what a change is about as they were
// shown last before it.
func (p *player) shownBefore(put recorded) (attributes map[string]jsontext.Value, known bool) {
	id := put.Request.Path[strings.LastIndex(put.Request.Path, "/")+1:]
	for _, e := range p.scenario {
		if e.Request.Method == put.Request.Method && canonical(p, e.Request.Body) == canonical(p, put.Request.Body) {
			break
		}
		var answer struct {
			Data jsontext.Value `json:"data"`
		}
		if json.Unmarshal(e.Response.Body, &answer) != nil || e.Request.Method == http.MethodPut {
			continue
		}
		var one struct {
			ID         string                    `json:"id"`
			Attributes map[string]jsontext.Value `json:"attributes"`
		}
		list := []jsontext.Value{answer.Data}
		if answer.Data.Kind() == '[' {
			list = nil
			require.NoError(p, json.Unmarshal(answer.Data, &list))
		}
		for _, item := range list {
			if json.Unmarshal(item, &one) == nil && one.ID == id {
				attributes, known = one.Attributes, true
			}
		}
	}
	return attributes, known
}

// changedRoles takes the roles out of transactions whose members are as the
// project showed them last.
func changedRoles(p *player, exchanges []recorded) []recorded {
	var members *Members
	for i, e := range exchanges {
		if strings.HasPrefix(e.raw, "include=project_authorization_roles") {
			var document single
			require.NoError(p, json.Unmarshal(e.Response.Body, &document))
			project, err := readProject(document.Data, index(document.Included))
			require.NoError(p, err)
			members, err = project.Members()
			require.NoError(p, err)
		}
		if e.Request.Path != "/api/async_transactions" {
			continue
		}
		var sent struct {
			Data struct {
				Attributes struct {
					Metadata jsontext.Value   `json:"metadata"`
					Requests []jsontext.Value `json:"requests"`
				} `json:"attributes"`
			} `json:"data"`
		}
		require.NoError(p, json.Unmarshal(e.Request.Body, &sent))
		requests := &sent.Data.Attributes.Requests
		*requests = slices.DeleteFunc(*requests, func(request jsontext.Value) bool {
			return slices.ContainsFunc(members.roles, func(role projectRole) bool {
				same, err := json.Marshal(role.request(members.project))
				require.NoError(p, err)
				return canonical(p, same) == canonical(p, request)
			})
		})
		text, err := json.Marshal(sent)
		require.NoError(p, err)
		exchanges[i].Request.Body = text
	}
	return exchanges
}

func canonical(tb testing.TB, value jsontext.Value) string {
	tb.Helper()
	text, err := transcript.Canonical(value)
	require.NoError(tb, err)
	return text
}
