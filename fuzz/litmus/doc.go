// Package litmus is the litmus suite: small tests in the language of package
// prog, each about one window or one way to wait for oneself, and the search
// that answers what a test looks for on one policy of the model.
//
// A verdict is about the model, and about the schedules within the bound that
// it comes with.
package litmus
