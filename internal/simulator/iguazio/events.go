package iguazio

import (
	"net/http"
	"slices"
)

// event is a stored event.
type event struct {
	id         string
	attributes attributes
	audit      bool
}

func (e *event) reference() ref    { return ref{"event", e.id} }
func (e *event) name() string      { return e.id }
func (e *event) shown() attributes { return e.attributes }

// createEvent serves POST /api/manual_events. An event of the relationship
// audit_tenant is one for audits.
func (s *Server) createEvent(c call) (*answer, error) {
	in, err := c.decode("event")
	if err != nil {
		return nil, err
	}
	_, audit, err := in.one("audit_tenant")
	if err != nil {
		return nil, err
	}
	created := &event{id: s.newID("event"), attributes: in.Attributes, audit: audit}
	setDefault(created.attributes, "timestamp_iso8601", s.timestamp())
	s.events.add(created)
	return whole(http.StatusCreated, plain(created)), nil
}

// listEvents serves GET /api/events.
func (s *Server) listEvents(c call) (*answer, error) { return list(s, c, s.eventsOf(false)) }

// listAuditEvents serves GET /api/audit_events.
func (s *Server) listAuditEvents(c call) (*answer, error) { return list(s, c, s.eventsOf(true)) }

// listCommunicationEvents serves GET /api/communication_events, of which there
// are none: nothing here communicates.
func (s *Server) listCommunicationEvents(c call) (*answer, error) { return list[*event](s, c, nil) }

// eventsOf returns the events that are or are not for audits.
func (s *Server) eventsOf(audit bool) []*event {
	return slices.DeleteFunc(slices.Clone(s.events.order), func(e *event) bool { return e.audit != audit })
}
