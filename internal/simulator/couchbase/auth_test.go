package couchbase_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt/internal/simulator/couchbase"
)

// identity is the answer of whoami, in short.
type identity struct {
	ID     string `json:"id"`
	Domain string `json:"domain"`
}

func (c cluster) whoami(t *testing.T, header ...string) (int, identity) {
	t.Helper()
	r := c.request(t, 0, anonymous, http.MethodGet, "/whoami", "")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := c.do(t, r)
	if answer.status != http.StatusOK {
		return answer.status, identity{}
	}
	return answer.status, parse[identity](t, answer.body)
}

func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.SeedUser(couchbase.User{ID: "jane", Password: "pass:word", Roles: []string{"data_reader[*]"}})
	c.SeedUser(couchbase.User{ID: "cold", Password: "secret", Locked: true, Roles: []string{"admin"}})
	c.SeedUser(couchbase.User{ID: "nothing", Password: "secret"})
	c.AddLDAPUser("joe", couchbase.LDAPUser{Password: "secret"})
	c.AddLDAPUser("jane", couchbase.LDAPUser{Password: "from-ldap"})
	c.AcceptToken("good", couchbase.Token{ID: "zoe", Roles: []string{"ro_admin"}})
	c.RejectToken("bad", "Token expired")

	for header, want := range map[string]identity{
		"":                                 {"", "anonymous"},
		basic("Administrator", "password"): {"Administrator", "admin"},
		basic("jane", "pass:word"):         {"jane", "local"},
		basic("joe", "secret"):             {"joe", "external"},
		"Bearer good":                      {"zoe", "external"},
	} {
		status, got := c.whoami(t, "Authorization", header)
		assert.Equal(t, []any{200, want}, []any{status, got}, header)
	}
	for _, header := range []string{
		basic("Administrator", "wrong"), basic("jane", "wrong"), basic("cold", "secret"), basic("nobody", ""), basic("jane", "from-ldap"),
		"Basic !", "Bearer bad", "Bearer unknown", "Digest x",
	} {
		answer := c.do(t, func() *http.Request {
			r := c.request(t, 0, anonymous, http.MethodGet, "/whoami", "")
			r.Header.Set("Authorization", header)
			return r
		}())
		refused(t, answer, 401, "")
		assert.Equal(t, `Basic realm="Couchbase Server Admin / REST"`, answer.header.Get("WWW-Authenticate"))
	}
	refused(t, c.as(t, anonymous, http.MethodGet, users+"local", ""), 401, "")
	refused(t, c.as(t, auth{"nothing", "secret"}, http.MethodGet, users+"local", ""), 401, "")
	refused(t, c.as(t, auth{"nothing", "secret"}, http.MethodGet, "/pools/default/nodeServices", ""), 401, "")
	assert.Equal(t, 200, c.as(t, auth{"jane", "pass:word"}, http.MethodGet, "/pools", "").status)
}

// TestFallback has a directory that is asked if a local password is wrong, as
// before 8.0.
func TestFallback(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{Version: couchbase.V76})
	c.SeedUser(couchbase.User{ID: "jane", Password: "secret"})
	c.AddLDAPUser("jane", couchbase.LDAPUser{Password: "from-ldap"})
	c.AcceptToken("good", couchbase.Token{ID: "zoe"})
	_, got := c.whoami(t, "Authorization", basic("jane", "from-ldap"))
	assert.Equal(t, identity{"jane", "external"}, got)
	status, _ := c.whoami(t, "Authorization", "Bearer good")
	assert.Equal(t, 401, status, "there are no tokens yet")
}

func TestTemporaryPassword(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.SeedUser(couchbase.User{ID: "tina", Password: "once-only", TemporaryPassword: true, Roles: []string{"admin"}})
	tina := auth{"tina", "once-only"}
	expired := `{"message":"Password expired","passwordExpired":true}`
	refused(t, c.as(t, tina, http.MethodGet, users+"local", ""), 403, expired)
	assert.Equal(t, 200, c.as(t, tina, http.MethodGet, "/whoami", "").status)
	refused(t, c.as(t, tina, http.MethodPost, "/pools/default/checkPermissions", "cluster.pools!read"), 200, `{"cluster.pools!read":false}`)
	refused(t, c.as(t, tina, http.MethodPost, "/controller/changePassword", "password=my-own-one"), 200, "")
	assert.Equal(t, 200, c.as(t, auth{"tina", "my-own-one"}, http.MethodGet, users+"local", "").status)
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.SeedUser(couchbase.User{ID: "jane", Password: "secret"})
	c.AddLDAPUser("joe", couchbase.LDAPUser{Password: "secret"})
	const target = "/controller/changePassword"
	refused(t, c.as(t, auth{"jane", "secret"}, http.MethodPost, target, ""), 400, `{"errors":{"password":"The value must be supplied"}}`)
	refused(t, c.as(t, auth{"jane", "secret"}, http.MethodPost, target, "password=secret"), 400, `{"errors":{"password":"Password has already been used."}}`)
	refused(t, c.as(t, auth{"jane", "secret"}, http.MethodPost, target, "password=another&x=1"), 400, `{"errors":{"x":"Unsupported key"}}`)
	refused(t, c.as(t, auth{"jane", "wrong"}, http.MethodPost, target, "password=another"), 401, "")
	for _, who := range []auth{anonymous, {"joe", "secret"}} {
		refused(t, c.as(t, who, http.MethodPost, target, "password=another"), 404, `"Changing of password is not allowed for this user."`)
	}
	r := c.request(t, 0, admin, http.MethodPost, target, "password=another")
	r.Header.Set("ns-server-ui", "yes")
	refused(t, c.do(t, r), 401, "")
	r = c.request(t, 0, admin, http.MethodPost, target, "password=another")
	r.Header.Set("cb-on-behalf-of", base64.StdEncoding.EncodeToString([]byte("jane:local")))
	refused(t, c.do(t, r), 403, "Not allowed for on behalf requests.")
	refused(t, c.send(t, http.MethodPost, target, "password=new-secret"), 200, "")
	refused(t, c.send(t, http.MethodGet, users+"local", ""), 401, "")
}

func TestOnBehalf(t *testing.T) {
	t.Parallel()
	c := start(t, couchbase.Options{})
	c.SeedUser(couchbase.User{ID: "jane", Password: "secret", Roles: []string{"cluster_admin"}})
	c.SeedUser(couchbase.User{ID: "cold", Password: "secret", Locked: true})
	header := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for text, want := range map[string]identity{"jane:local": {"jane", "local"}, "Administrator:admin": {"Administrator", "admin"}, "zoe:external": {"zoe", "external"}} {
		_, got := c.whoami(t, "Authorization", basic("Administrator", "password"), "cb-on-behalf-of", header(text))
		assert.Equal(t, want, got)
	}
	for _, bad := range []string{header("cold:local"), header("jane"), "!", header("x:admin")} {
		status, _ := c.whoami(t, "Authorization", basic("Administrator", "password"), "cb-on-behalf-of", bad)
		assert.Equal(t, 401, status, bad)
	}
	status, _ := c.whoami(t, "Authorization", basic("jane", "secret"), "cb-on-behalf-of", header("zoe:external"))
	assert.Equal(t, 401, status, "only full administrators may")
}

// authority signs client certificates.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return authority{key, cert}
}

func (a authority) sign(t *testing.T, name string) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, a.key.Public(), a.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	signer := newAuthority(t)
	pool := x509.NewCertPool()
	pool.AddCert(signer.cert)
	s := couchbase.New(couchbase.Options{})
	s.SeedUser(couchbase.User{ID: "jane", Password: "secret", TemporaryPassword: true, Roles: []string{"admin"}})
	s.SeedUser(couchbase.User{ID: "cold", Password: "secret", Locked: true})
	s.StartTLS(pool)
	t.Cleanup(s.Close)
	for name, want := range map[string]any{
		"jane": identity{"jane", "local"}, "Administrator": identity{"Administrator", "admin"}, "cold": 401, "stranger": 401, "": identity{"Administrator", "admin"},
	} {
		config := &tls.Config{RootCAs: s.CertPool(), MinVersion: tls.VersionTLS12}
		if name != "" {
			config.Certificates = []tls.Certificate{signer.sign(t, name)}
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
		t.Cleanup(client.CloseIdleConnections)
		c := cluster{s, client}
		r := c.request(t, 0, admin, http.MethodGet, "/whoami", "")
		r.URL.Scheme, r.URL.Host = "https", s.Node(0).TLSURL()[len("https://"):]
		answer := c.do(t, r)
		if want == 401 {
			refused(t, answer, 401, "")
			continue
		}
		assert.Equal(t, want, parse[identity](t, answer.body), "the certificate wins over the header")
	}
}
