// What runs in the pods of tests: small, because each pod's sandbox is one of these.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `box pause                  until it is told to end
box serve ADDRESS          answers each request with the name of its host
box fetch URL              prints what answers there, within ten seconds`

func main() {
	arguments := append(os.Args[1:], "", "")
	switch arguments[0] {
	case "pause":
		pause()
	case "serve":
		serve(arguments[1])
	case "fetch":
		fetch(arguments[1])
	default:
		fail(fmt.Errorf("%s", usage))
	}
}

// It is process 1 of a pod, so it reaps what others leave behind.
func pause() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		for {
			if pid, _ := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 {
				break
			}
		}
	}
}

func serve(address string) {
	name, err := os.Hostname()
	if err != nil {
		fail(err)
	}
	fail(http.ListenAndServe(address, http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(answer, name)
	})))
}

func fetch(url string) {
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		fail(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		fail(err)
	}
	if answer.StatusCode != http.StatusOK {
		fail(fmt.Errorf("%s", answer.Status))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
