package cognite

import "time"

// Millis is a time as it goes over the wire: milliseconds since 1970, UTC.
type Millis int64

// Time returns the time, zero for one that the server does not tell.
func (m Millis) Time() time.Time {
	if m <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}
