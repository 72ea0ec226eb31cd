package monitor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// ErrPublic says that an address can be reached from other machines.
var ErrPublic = errors.New("other machines could reach it")

// A Server shows a run over HTTP: /metrics for Prometheus, /status as JSON, and
// /debug/pprof (net/http/pprof).
type Server struct {
	Addr string // with the port that was taken

	http   http.Server
	served chan error
}

// CheckAddr says why address, as net.Listen takes it, must not be listened on:
// profiles show what the process does, so that only this machine may ask unless
// public is set. A refusal Is ErrPublic.
func CheckAddr(address string, public bool) error {
	tcp, err := net.ResolveTCPAddr("tcp", address)
	switch {
	case err != nil:
		return fmt.Errorf("listen on %q: %w", address, err)
	case !public && !tcp.IP.IsLoopback():
		return fmt.Errorf("listen on %q: %w", address, ErrPublic)
	}
	return nil
}

// Serve listens on address and answers until Close. The caller has checked the
// address.
func (m *Monitor) Serve(address string) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	s := &Server{Addr: l.Addr().String(), served: make(chan error, 1)}
	s.http.Handler, s.http.ReadHeaderTimeout = m.handler(), readTimeout
	go func() { s.served <- s.http.Serve(l) }()
	return s, nil
}

// Limits of a client's patience with us, and of ours with a client.
const (
	readTimeout  = 10 * time.Second
	closeTimeout = time.Second
)

func (m *Monitor) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(m.metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/status", m.serveStatus)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

func (m *Monitor) serveStatus(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = encode(w, m.Status()) // the client has gone
}

// Close lets requests under way end, for a second, and stops listening. A
// profile that takes longer is cut off.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
