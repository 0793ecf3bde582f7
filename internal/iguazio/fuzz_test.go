package iguazio

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// FuzzAnswers reads whatever a server may send: it must come to a result or a
// failure, and never panic.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		selfBody, projectBody, jobBody("failed", `{"status":"400"}`), `{"errors":[{"status":"4e9","detail":7}],"meta":{"ctx":[]}}`,
		`{"data":{"id":"x","relationships":{"user_groups":{"data":{"id":1}},"primary_group":null}},"included":[{}]}`, `{"data":[{"id":"x"}]}`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		failure := classify(&transport.Request{Method: http.MethodPost, Path: []string{"api", "users"}}, http.StatusBadRequest, nil, data)
		assert.NotNil(t, failure)
		_ = Job{State: JobFailed, Result: string(data)}.failure(true, []string{"secret"})
		_ = sessionID(string(data))
		_, lifetime := readCookie(http.Header{"Set-Cookie": {string(data)}})
		assert.GreaterOrEqual(t, lifetime, time.Duration(0))
		var document single
		if transport.Decode(data, &document) != nil {
			return
		}
		included := index(document.Included)
		if user, err := readUser(document.Data, included); err == nil {
			_, _, _ = user.Leaving("x", true)
			_ = user.Operational()
		}
		_, _ = readGroup(document.Data, included)
		_, _ = readAccessKey(document.Data, included)
		if project, err := readProject(document.Data, included); err == nil {
			if members, err := project.Members(); err == nil {
				_, _ = members.All()
			} else {
				assert.Contains(t, []fault.Kind{fault.PermissionDenied, fault.Internal}, fault.KindOf(err))
			}
		}
	})
}
