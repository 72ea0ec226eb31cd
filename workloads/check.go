package workloads

// Check says what is wrong with a case, without running it or touching its
// files: what Run would refuse.
func (c *Case) Check() error {
	_, err := newExecution(c)
	return err
}
