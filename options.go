package usermgmt

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/usermgmt/usermgmt/internal/fault"
	"github.com/usermgmt/usermgmt/internal/transport"
)

// An Option is a setting of a [Client]. Options can stand in any order; a nil
// option is ignored. An option given twice, and options that contradict each
// other or the backend, are errors of [New].
type Option interface {
	apply(s *settings)
}

type option struct {
	name string
	set  func(s *settings) error
}

func (o option) apply(s *settings) {
	if s.given[o.name] {
		s.problems = append(s.problems, fault.Invalid(o.name, "was given twice"))
		return
	}
	s.given[o.name] = true
	if err := o.set(s); err != nil {
		s.problems = append(s.problems, err)
	}
}

// RetryPolicy says when a failed request is sent again. What may be sent again
// at all depends on the operation and is not up to the policy. Zero fields
// take the defaults.
type RetryPolicy struct {
	// MaxAttempts bounds the attempts at one request, the first included: 0
	// is 4, 1 never retries.
	MaxAttempts int
	// MinWait is the length of the first pause, on average; pauses double and
	// vary by half of their length. 0 is 200ms.
	MinWait time.Duration
	// MaxWait bounds a pause. If the server asks for a longer one, the call
	// ends at once with [ErrRateLimited], which carries the time. 0 is 15s.
	MaxWait time.Duration
}

// Operation tells a hook what is being done.
type Operation struct {
	// Name is the method, such as "CreateUser".
	Name string
	// Backend is the name of the backend.
	Backend string
	// Resource is the kind of thing it is about, such as "user".
	Resource string
	// ResourceName is the name of that thing, empty if there is none.
	ResourceName string
}

// Hooks are called around every call that reaches the backend, for metrics
// and traces. A call that fails the checks before that has no hooks. Both
// must be safe for concurrent use; nil hooks are not called. For a list, the
// call lasts as long as the range over it.
type Hooks struct {
	// Start is called first. The context that it returns is used for the rest
	// of the call; it must be derived from ctx, or nil to go on with ctx.
	Start func(ctx context.Context, op Operation) context.Context
	// End is called last, with the error that the caller gets.
	End func(ctx context.Context, op Operation, err error)
}

// WithCredentials sets what the client logs in with: a [Credential], or a
// source that is asked at each login.
func WithCredentials(source CredentialSource) Option {
	return option{"WithCredentials", func(s *settings) error {
		if source == nil {
			return fault.Invalid("WithCredentials", "must not be nil")
		}
		s.credentials = source
		return nil
	}}
}

// WithHTTPClient makes requests go through client, for proxies, tracing and
// connection settings of your own. It is neither changed nor closed; its
// cookie jar and redirect policy are not used. Without it the client has a
// connection pool of its own, which uses no proxy.
func WithHTTPClient(client *http.Client) Option {
	return option{"WithHTTPClient", func(s *settings) error {
		if client == nil {
			return fault.Invalid("WithHTTPClient", "must not be nil")
		}
		s.httpClient = client
		return nil
	}}
}

// WithTLSConfig sets the TLS configuration: private authorities, a client
// certificate. It is copied. It cannot be combined with [WithHTTPClient].
func WithTLSConfig(config *tls.Config) Option {
	return option{"WithTLSConfig", func(s *settings) error {
		if config == nil {
			return fault.Invalid("WithTLSConfig", "must not be nil")
		}
		s.tls = config.Clone()
		return nil
	}}
}

// WithTimeout bounds each exchange with the server, with all its attempts, if
// the context of the call has no deadline; and the time a list waits for data
// in any case. The default is one minute.
func WithTimeout(timeout time.Duration) Option {
	return option{"WithTimeout", func(s *settings) error {
		if timeout <= 0 {
			return fault.Invalid("WithTimeout", "must be positive")
		}
		s.timeout = timeout
		return nil
	}}
}

// WithRetry sets the retry policy.
func WithRetry(policy RetryPolicy) Option {
	return option{"WithRetry", func(s *settings) error {
		switch {
		case policy.MaxAttempts < 0 || policy.MinWait < 0 || policy.MaxWait < 0:
			return fault.Invalid("WithRetry", "must not hold negative values")
		case policy.MaxWait > 0 && policy.MinWait > policy.MaxWait:
			return fault.Invalid("WithRetry", "must not have a MinWait above its MaxWait")
		}
		s.retry = transport.Retry(policy)
		return nil
	}}
}

// WithRateLimit keeps requests to perSecond on average, with bursts of up to
// burst. Calls wait for their turn as long as their context allows. Without
// it there is no limit.
func WithRateLimit(perSecond float64, burst int) Option {
	return option{"WithRateLimit", func(s *settings) error {
		if !(perSecond > 0) || burst < 1 {
			return fault.Invalid("WithRateLimit", "must be positive, with a burst of at least 1")
		}
		s.limiter = rate.NewLimiter(rate.Limit(perSecond), burst)
		return nil
	}}
}

// WithLogger sets where to log: each call and each attempt at debug level,
// retries as warnings. Records hold the method, status, duration and outcome,
// and never names, addresses or secrets. Without it nothing is logged.
func WithLogger(logger *slog.Logger) Option {
	return option{"WithLogger", func(s *settings) error {
		if logger == nil {
			return fault.Invalid("WithLogger", "must not be nil")
		}
		s.logger = logger
		return nil
	}}
}

// WithHooks sets functions to call around each call.
func WithHooks(hooks Hooks) Option {
	return option{"WithHooks", func(s *settings) error {
		s.hooks = hooks
		return nil
	}}
}

// WithPlainHTTP permits plain http to a host that is not this machine. The
// credentials then cross the network in clear.
func WithPlainHTTP() Option {
	return option{"WithPlainHTTP", func(s *settings) error {
		s.plainHTTP = true
		return nil
	}}
}

// WithRequired makes [New] fail with [ErrUnsupported] if the backend surely
// lacks one of the capabilities; the error names all that are missing.
func WithRequired(capabilities ...Capability) Option {
	return option{"WithRequired", func(s *settings) error {
		for _, c := range capabilities {
			if c >= capabilityCount {
				return fault.Invalid("WithRequired", "must not hold the unknown %v", c)
			}
		}
		s.required = append(s.required, capabilities...)
		return nil
	}}
}

// settings is what the options come to.
type settings struct {
	credentials CredentialSource
	httpClient  *http.Client
	tls         *tls.Config
	timeout     time.Duration
	retry       transport.Retry
	limiter     *rate.Limiter
	logger      *slog.Logger
	hooks       Hooks
	plainHTTP   bool
	required    []Capability
	own         []Option // of a single backend

	given    map[string]bool
	problems []error
}

// ownOptions returns choice with the options of its backend that stand among
// those of the client. What is of another backend is refused.
func ownOptions[O, C any](s *settings, choice C, apply func(O, *C)) (*C, error) {
	for _, option := range s.own {
		o, ok := option.(O)
		if !ok {
			return nil, fault.Invalid("options", "must not hold one of another backend")
		}
		apply(o, &choice)
	}
	return &choice, nil
}

// networkOptions are the options that make no sense without a network.
var networkOptions = []string{
	"WithCredentials", "WithHTTPClient", "WithTLSConfig", "WithTimeout", "WithRetry", "WithRateLimit", "WithPlainHTTP",
}

func newSettings(opts []Option) (*settings, error) {
	s := &settings{logger: slog.New(slog.DiscardHandler), given: map[string]bool{}}
	for _, o := range opts {
		if o != nil {
			o.apply(s)
		}
	}
	if s.httpClient != nil && s.tls != nil {
		s.problems = append(s.problems, fault.Invalid("WithTLSConfig", "cannot be combined with WithHTTPClient, whose transport has its own"))
	}
	return s, s.err()
}

// err joins what is wrong, nil if nothing is.
func (s *settings) err() error {
	if len(s.problems) == 0 {
		return nil
	}
	joined := &fault.Error{Kind: fault.InvalidArgument, Fields: map[string]string{}}
	var texts []string
	for _, problem := range s.problems {
		f, _ := errors.AsType[*fault.Error](problem)
		texts = append(texts, f.Message)
		maps.Copy(joined.Fields, f.Fields)
	}
	joined.Message = strings.Join(texts, "; ")
	return joined
}

// refuseNetwork refuses options that a backend without a network cannot heed.
func (s *settings) refuseNetwork() error {
	for _, name := range networkOptions {
		if s.given[name] {
			s.problems = append(s.problems, fault.Invalid(name, "makes no sense for this backend, which uses no network"))
		}
	}
	return s.err()
}

// transportConfig returns the settings as the protocol packages take them.
func (s *settings) transportConfig() transport.Config {
	return transport.Config{
		HTTPClient: s.httpClient, TLS: s.tls, Retry: s.retry, Limiter: s.limiter, Timeout: s.timeout,
		UserAgent: userAgent, AllowPlainHTTP: s.plainHTTP, Logger: s.logger,
	}
}

const userAgent = "usermgmt-go/" + Version

// checkRequired returns what of the required capabilities is missing.
func (s *settings) checkRequired(can Capabilities) error {
	var missing []string
	for _, c := range s.required {
		if can.Of(c) == SupportNo {
			missing = append(missing, c.String())
		}
	}
	if missing == nil {
		return nil
	}
	return fault.New(fault.Unsupported, "this backend lacks %s", strings.Join(missing, ", "))
}
