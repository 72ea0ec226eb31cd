// Package libfuzzer is the folder of the targets for libFuzzer, a command for
// each: build one with -buildmode=c-archive and link it with
// clang -fsanitize=fuzzer, as .clusterfuzzlite/build.sh does. They and the one
// in bench/result/libfuzzer, which may import what fuzz may not, are the only
// code of the repository that needs cgo, and so stand behind a tag.
package libfuzzer

// Apart makes run work on a goroutine of its own. The one that C calls is
// locked to its thread, and there each switch from coroutine to coroutine is a
// switch of threads: twice the time, and worse on a machine that has other work.
func Apart(run func([]byte)) func([]byte) {
	inputs, done := make(chan []byte), make(chan struct{})
	go func() {
		for data := range inputs {
			run(data)
			done <- struct{}{}
		}
	}()
	return func(data []byte) {
		inputs <- data
		<-done
	}
}
