// Package gocb runs the official Go SDK of Couchbase against the simulator, so
// that the simulator has a referee, and compares what the SDK takes with what
// this project takes. It is a module of its own because the SDK brings many
// dependencies that nobody else needs.
package gocb
