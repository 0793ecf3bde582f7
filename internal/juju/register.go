package juju

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/crypto/nacl/secretbox"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

const (
	nonceSize   = 24
	maxAnswer   = 1 << 20
	maxPatience = time.Minute
)

// errPatience is the cause of a context that this package ended.
var errPatience = errors.New("the controller took too long to answer")

// Controller is what a registration tells of the controller.
type Controller struct {
	// UUID identifies the controller.
	UUID string
	// CA is the certificate of its authority, as PEM.
	CA string
}

// sealed is a message that the secret key encrypts, with both sides' keys the
// same: POST /register.
type sealed struct {
	User       string `json:"user,omitzero"`
	Nonce      []byte `json:"nonce"`
	CipherText []byte `json:"cipher-text"`
}

// Register sets the password of a user with the key of a registration string,
// which it uses up: POST /register. It is never sent twice. TLS is encrypted
// but not verified, because the user does not have the controller's authority
// yet: the key, which never crosses the network, proves each side to the other.
func Register(ctx context.Context, r Registration, password string) (Controller, error) {
	if err := r.check(); err != nil {
		return Controller{}, err
	}
	if err := checkPassword("password", password); err != nil {
		return Controller{}, err
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, maxPatience, errPatience)
		defer cancel()
	}
	body, err := r.seal(password)
	if err != nil {
		return Controller{}, err
	}
	pool := &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, //nolint:gosec // see above
		DisableKeepAlives:   true,
		TLSHandshakeTimeout: 10 * time.Second,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
	}
	client := &http.Client{Transport: pool, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var unreached error
	for _, address := range r.Addresses {
		controller, err := r.post(ctx, client, address, body, password)
		if f, ok := asFault(err); !ok || !f.NotExecuted {
			return controller, err
		}
		unreached = err // another address may answer
	}
	return Controller{}, unreached
}

func (r Registration) key() *[KeySize]byte { return (*[KeySize]byte)(r.Key) }

func (r Registration) seal(password string) ([]byte, error) {
	plain, err := transport.Encode(map[string]string{"password": password})
	if err != nil {
		return nil, err
	}
	var nonce [nonceSize]byte
	_, _ = rand.Read(nonce[:]) // never fails
	return transport.Encode(sealed{User: userPrefix + r.Username, Nonce: nonce[:], CipherText: secretbox.Seal(nil, plain, &nonce, r.key())})
}

// post registers at one address.
func (r Registration) post(ctx context.Context, client *http.Client, address string, body []byte, password string) (Controller, error) {
	target := url.URL{Scheme: "https", Host: address, Path: "/register"}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return Controller{}, fault.Invalid("Addresses", "must be a host and a port, such as 10.0.0.1:17070")
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return Controller{}, notRegistered(ctx, err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return Controller{}, notRegistered(ctx, err)
	}
	if answer.StatusCode != http.StatusOK {
		return Controller{}, refusedRegistration(answer.StatusCode, data, []string{password})
	}
	return r.open(data)
}

// open reads the answer, which only who has the key can have written.
func (r Registration) open(data []byte) (Controller, error) {
	bad := badAnswer()
	bad.Ambiguous = true
	var message sealed
	if transport.Decode(data, &message) != nil || len(message.Nonce) != nonceSize {
		return Controller{}, bad
	}
	plain, ok := secretbox.Open(nil, message.CipherText, (*[nonceSize]byte)(message.Nonce), r.key())
	if !ok {
		return Controller{}, bad
	}
	var details struct {
		CA   string `json:"ca-cert"`
		UUID string `json:"controller-uuid"`
	}
	if transport.Decode(plain, &details) != nil {
		return Controller{}, bad
	}
	return Controller{UUID: details.UUID, CA: details.CA}, nil
}

// notRegistered returns the failure of a request without an answer.
func notRegistered(ctx context.Context, err error) *fault.Error {
	var f *fault.Error
	switch {
	case errors.Is(context.Cause(ctx), errPatience):
		f = &fault.Error{Kind: fault.Unavailable, Message: errPatience.Error(), Err: context.DeadlineExceeded}
	case ctx.Err() != nil:
		f = fault.Ended(ctx, ctx.Err())
	default:
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // it repeats the URL
		}
		f = &fault.Error{Kind: fault.Unavailable, Message: "the controller cannot be reached", Err: err}
	}
	op, ok := errors.AsType[*net.OpError](err)
	f.NotExecuted = ok && op.Op == "dial"
	f.Ambiguous = !f.NotExecuted
	return f
}

// refusedRegistration returns the failure that a controller answered with.
func refusedRegistration(status int, data []byte, secrets []string) *fault.Error {
	var answer struct {
		itemFailure

		Error *itemFailure `json:"error"`
	}
	failure := &answer.itemFailure
	if transport.Decode(data, &answer) == nil && answer.Error != nil {
		failure = answer.Error
	}
	f := failureOf(failure.Code, failure.Message)
	if failure.Message == "" {
		f = &fault.Error{Kind: fault.Internal, Message: http.StatusText(status)}
	}
	switch {
	case f.Kind != fault.Internal:
	case status == http.StatusNotFound:
		f.Kind = fault.NotFound
	case status == http.StatusMethodNotAllowed:
		f.Kind = fault.Unsupported
	case status >= http.StatusInternalServerError:
		f.Kind = fault.Unavailable
	}
	f.FromServer, f.Status, f.Ambiguous = true, status, status >= http.StatusInternalServerError
	f.Message, f.Code = transport.Redact(f.Message, secrets), transport.Redact(f.Code, secrets)
	return f
}
