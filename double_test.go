package usermgmt_test

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/usermgmt/usermgmt"
)

// callAll calls every method of m by reflection and returns the errors of
// those that can fail, by name.
func callAll(t *testing.T, m usermgmt.UserManager) map[string]error {
	t.Helper()
	errs := map[string]error{}
	value := reflect.ValueOf(m)
	for i := range value.NumMethod() {
		method := value.Type().Method(i)
		if _, declared := reflect.TypeFor[usermgmt.UserManager]().MethodByName(method.Name); !declared {
			continue
		}
		var args []reflect.Value
		for j := 1; j < method.Type.NumIn(); j++ {
			if in := method.Type.In(j); in == reflect.TypeFor[context.Context]() {
				args = append(args, reflect.ValueOf(t.Context()))
			} else {
				args = append(args, reflect.Zero(in))
			}
		}
		results := value.Method(i).Call(args)
		last := results[len(results)-1]
		switch {
		case last.Kind() == reflect.Func: // a list
			last.Call([]reflect.Value{reflect.MakeFunc(last.Type().In(0), func(in []reflect.Value) []reflect.Value {
				errs[method.Name], _ = reflect.TypeAssert[error](in[1])
				return []reflect.Value{reflect.ValueOf(false)}
			})})
		case last.Type() == reflect.TypeFor[error]():
			errs[method.Name], _ = reflect.TypeAssert[error](last)
		}
	}
	return errs
}

func TestUnimplemented(t *testing.T) {
	t.Parallel()
	errs := callAll(t, usermgmt.Unimplemented{})
	assert.Len(t, errs, 30)
	for name, err := range errs {
		if name == "Close" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, usermgmt.ErrUnsupported, name)
		e, ok := errors.AsType[*usermgmt.Error](err)
		require.True(t, ok)
		assert.Equal(t, name, e.Op)
	}
	assert.Equal(t, usermgmt.Capabilities{}, usermgmt.Unimplemented{}.Capabilities())
}

func TestEveryMethodCanBeIntercepted(t *testing.T) {
	t.Parallel()
	with := usermgmt.Interceptor{}
	hooks := reflect.ValueOf(&with).Elem()
	called := map[string]error{}
	for i := range hooks.NumField() {
		name, kind := hooks.Type().Field(i).Name, hooks.Field(i).Type()
		called[name] = errors.New(name)
		hooks.Field(i).Set(reflect.MakeFunc(kind, func([]reflect.Value) []reflect.Value {
			results := make([]reflect.Value, kind.NumOut())
			for j := range results {
				results[j] = reflect.Zero(kind.Out(j))
			}
			last := len(results) - 1
			switch out := kind.Out(last); {
			case out.Kind() == reflect.Func:
				results[last] = reflect.MakeFunc(out, func(in []reflect.Value) []reflect.Value {
					in[0].Call([]reflect.Value{reflect.Zero(in[0].Type().In(0)), reflect.ValueOf(&called).Elem().MapIndex(reflect.ValueOf(name))})
					return nil
				})
			default:
				results[last] = reflect.ValueOf(&called).Elem().MapIndex(reflect.ValueOf(name))
			}
			return results
		}))
	}
	m := usermgmt.Intercept(usermgmt.Unimplemented{}, with)
	assert.Equal(t, called, callAll(t, m), "each method calls the function of its name")

	untouched := callAll(t, usermgmt.Intercept(usermgmt.Unimplemented{}, usermgmt.Interceptor{}))
	assert.Equal(t, callAll(t, usermgmt.Unimplemented{}), untouched, "without a function the method is that of the manager beneath")
}

func TestInterceptorKeepsCapabilities(t *testing.T) {
	t.Parallel()
	c, err := usermgmt.New(usermgmt.Memory())
	require.NoError(t, err)
	assert.Equal(t, c.Capabilities(), usermgmt.Intercept(c, usermgmt.Interceptor{}).Capabilities())
}

func TestSeqAndCollect(t *testing.T) {
	t.Parallel()
	items, err := usermgmt.Collect(usermgmt.Seq(1, 2, 3))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2, 3}, items)

	items, err = usermgmt.Collect(usermgmt.Seq[int]())
	require.NoError(t, err)
	assert.Nil(t, items)

	boom := errors.New("boom")
	items, err = usermgmt.Collect(usermgmt.SeqError[int](boom))
	require.ErrorIs(t, err, boom)
	assert.Nil(t, items)

	cut := iter.Seq2[int, error](func(yield func(int, error) bool) { _ = yield(1, nil) && yield(0, boom) })
	items, err = usermgmt.Collect(cut)
	require.ErrorIs(t, err, boom)
	assert.Nil(t, items, "a list cut short is never taken for the whole")

	for first := range usermgmt.Seq(1, 2, 3) {
		assert.Equal(t, 1, first)
		break
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	var all []usermgmt.Capability
	names := map[string]bool{}
	for c := range usermgmt.AllCapabilities() {
		all = append(all, c)
		assert.NotEmpty(t, c.String())
		assert.False(t, names[c.String()], "%v is there twice", c)
		names[c.String()] = true
	}
	for method := range reflect.TypeFor[usermgmt.UserManager]().Methods() {
		if name := method.Name; name != "Capabilities" && name != "Close" {
			assert.True(t, names[name], "the method %s has a capability", name)
		}
	}
	for range usermgmt.AllCapabilities() {
		break
	}
	set := usermgmt.NewCapabilities(usermgmt.CapGetUser, usermgmt.CapProjectGroups)
	for _, c := range all {
		want := c == usermgmt.CapGetUser || c == usermgmt.CapProjectGroups
		assert.Equal(t, want, set.Has(c), "%v", c)
	}
	assert.Equal(t, usermgmt.SupportNo, usermgmt.Capabilities{}.Of(usermgmt.CapGetUser))
	assert.Equal(t, "Capability(200)", usermgmt.Capability(200).String())
	assert.Equal(t, "yes", usermgmt.SupportYes.String())
	assert.Equal(t, "no", usermgmt.SupportNo.String())
	assert.Equal(t, "unknown", usermgmt.SupportUnknown.String())
	assert.Equal(t, "user", usermgmt.KindUser.String())
	assert.Equal(t, "group", usermgmt.KindGroup.String())
	assert.Equal(t, "MemberKind(0)", usermgmt.MemberKind(0).String())
	assert.Equal(t, usermgmt.Member{Kind: usermgmt.KindGroup, Name: "g"}, usermgmt.GroupMember("g"))
}
