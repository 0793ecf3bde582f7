package iguazio_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/usermgmt/usermgmt/internal/simulator/iguazio"
)

// TestStorm uses everything at once, for the race detector to watch, and
// checks that the end state is the sum of what the workers did.
func TestStorm(t *testing.T) {
	t.Parallel()
	const workers, rounds = 6, 8
	s := start(t, iguazio.Options{UserCreationJob: true, OperationalAfter: 1})
	p := s.SeedProject(iguazio.Project{Name: "p"})
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			do := func(status int, method, target, body string) {
				got, err := s.try(adminKey, method, target, body)
				if err != nil {
					t.Error(err)
					return
				}
				assert.Equal(t, status, got.status, "%s %s: %s", method, target, got.body)
			}
			for i := range rounds {
				name := fmt.Sprintf("w%d-%d", w, i)
				do(http.StatusCreated, http.MethodPost, "user_groups", body("user_group", `{"name":"`+name+`"}`))
				do(http.StatusCreated, http.MethodPost, "users", newUser(name, toMany("user_groups", "user_group", s.GroupID(name))))
				do(http.StatusCreated, http.MethodPost, "access_keys", body("access_key", `{"label":"`+name+`"}`))
				do(http.StatusOK, http.MethodPut, "users/"+s.UserID(name), body("user", `{"last_name":"x"}`))
				do(http.StatusOK, http.MethodGet, "users?include=user_groups,jobs&sort=-username", "")
				do(http.StatusOK, http.MethodGet, "users/"+s.UserID(name), "")
				do(http.StatusAccepted, http.MethodPost, "async_transactions",
					transaction(p, true, put(s.RoleID("p", "Viewer"), `{}`, toMany("principal_users", "user", s.UserID(name)))))
				do(http.StatusOK, http.MethodPost, verify, "")
				if i%2 == 0 {
					do(http.StatusAccepted, http.MethodDelete, "users/"+s.UserID(name), "")
				}
				s.FinishJobs()
				s.Jobs()
				s.Attributes(s.GroupID(name))
			}
		})
	}
	group.Wait()
	assert.Len(t, s.UserNames(), 1+workers*rounds/2)
	assert.Len(t, s.GroupNames(), 1+workers*rounds)
	assert.Len(t, s.Jobs(), workers*(rounds*2+rounds/2))
	assert.Len(t, s.Mails(), workers*rounds)
	assert.Equal(t, []string{"all_users", "w0-1"}, s.UserGroups("w0-1"))
}
