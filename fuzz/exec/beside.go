package exec

// Beside is the operations that were under way at some time during o: they
// began before it had returned, and it before they had.
func (r *Result) Beside(o OpRef) []OpRef {
	var list []OpRef
	s := &r.plan.tasks[o.Task][o.Op]
	for i := range r.plan.steps {
		q := &r.plan.steps[i]
		if q.id != s.id && s.start != 0 && q.start != 0 && q.start < s.ended() && s.start < q.ended() {
			list = append(list, r.plan.ref(q.id))
		}
	}
	return list
}

// ended is the tick at which the operation returned, or the end of time.
func (s *step) ended() int64 {
	if s.end == 0 {
		return 1<<63 - 1
	}
	return s.end
}
