package core

// A TaskContext is where a direct write leaves word which file it holds blocked
// while it pins its buffer, for the fault handler that may be called on the
// same task (bcachefs: faults_disabled_mapping).
type TaskContext interface {
	// Set leaves word that t holds m blocked. It fails only when the case is
	// cancelled.
	Set(t *Task, m *AddressSpace) error
	// Of is the file that t holds blocked, or nil, as far as the fault handler
	// of m can find out.
	Of(t *Task, m *AddressSpace) *AddressSpace
	// SetDropped leaves word that the lock was let go of meanwhile, so that
	// what was invalidated may be cached again. It is for the handler of m.
	SetDropped(t *Task, m *AddressSpace)
	// Clear takes the word back, and says whether SetDropped was called.
	Clear(t *Task, m *AddressSpace) (dropped bool)
}

// InTask keeps the word in the task: task_struct.faults_disabled_mapping, until
// Linux 7.0.
type InTask struct{}

// Set implements TaskContext.
func (InTask) Set(t *Task, m *AddressSpace) error {
	t.faultsDisabled, t.droppedLocks = m, false
	return nil
}

// Of implements TaskContext.
func (InTask) Of(t *Task, _ *AddressSpace) *AddressSpace { return t.faultsDisabled }

// SetDropped implements TaskContext.
func (InTask) SetDropped(t *Task, _ *AddressSpace) { t.droppedLocks = true }

// Clear implements TaskContext.
func (InTask) Clear(t *Task, _ *AddressSpace) bool {
	dropped := t.droppedLocks
	t.faultsDisabled, t.droppedLocks = nil, false
	return dropped
}
