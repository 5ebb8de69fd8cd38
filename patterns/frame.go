package patterns

import "bytes"

// libraries are what frames of runtimes, frameworks and clients begin with.
var libraries = [...]string{
	"java.", "javax.", "jdk.", "sun.", "com.sun.", "jakarta.", "kotlin.", "kotlinx.", "scala.", "org.springframework.",
	"org.apache.", "org.eclipse.", "org.hibernate.", "org.mybatis.", "org.postgresql.", "org.mariadb.", "com.mysql.",
	"com.zaxxer.", "com.alibaba.druid.", "com.fasterxml.", "com.google.", "io.netty.", "io.grpc.", "io.lettuce.", "reactor.",
	"redis.clients.", "okhttp3.", "okio.", "retrofit2.", "feign.", "org.slf4j.", "ch.qos.", "org.aspectj.", "cn.hutool.",
	"runtime.", "panic(", "reflect.", "net/", "net.", "encoding/", "database/", "context.", "sync.", "testing.", "created by",
	"std::", "core::", "alloc::", "tokio::", "rust_begin_unwind", "__rust", "<core::", "<std::", "<alloc::", "backtrace::",
}

// insides are what stands in the frames of libraries in languages whose frames name files.
var insides = [...]string{"node_modules", "(node:", "(internal/", "site-packages", "dist-packages", "/lib/python", "<frozen", "node:internal"}

// isLibrary tells the frames of libraries from the application's own.
func isLibrary(frame []byte) bool {
	// java.base/java.net.Socket: the module goes first.
	if slash := bytes.IndexByte(frame, '/'); slash > 0 && bytes.HasPrefix(frame, []byte("java.")) {
		frame = frame[slash+1:]
	}
	for _, prefix := range libraries {
		if len(frame) > 0 && frame[0] == prefix[0] && bytes.HasPrefix(frame, []byte(prefix)) {
			return true
		}
	}
	if bytes.Contains(frame, []byte(".java:")) {
		return false
	}
	if open := bytes.Index(frame, []byte(" (")); open > 0 && bytes.IndexByte(frame[open:], '/') < 0 && bytes.HasSuffix(frame, []byte(")")) {
		return true // JavaScript: (net.js:1141:16) is the runtime's
	}
	for _, inside := range insides {
		if bytes.Contains(frame, []byte(inside)) {
			return true
		}
	}
	return false
}

// appendFrame appends the function of a frame without what differs between builds and calls: line numbers, arguments,
// numbers of lambdas and of generated classes.
func appendFrame(dst, frame []byte) []byte {
	if file, rest, ok := bytes.Cut(frame, []byte(`", line `)); ok { // Python: /app/pay.py", line 12, in settle
		dst = append(append(dst, base(file)...), ':')
		_, name, _ := bytes.Cut(rest, []byte(", in "))
		return append(dst, name...)
	}
	name, place, ok := bytes.Cut(frame, []byte(" (")) // JavaScript: settle (/app/pay.js:12:3)
	name, _, _ = bytes.Cut(name, []byte(" [as "))
	if ok && bytes.Contains(place, []byte(":")) {
		file, _, _ := bytes.Cut(base(place), []byte(":"))
		return append(append(append(dst, base(file)...), ':'), name...)
	}
	if !ok && bytes.IndexByte(frame, '(') < 0 && bytes.Contains(frame, []byte("/")) && bytes.Contains(frame, []byte(":")) {
		file, _, _ := bytes.Cut(base(frame), []byte(":")) // JavaScript: /app/pay.js:12:3
		return append(dst, file...)
	}
	name = frame
	if open := bytes.LastIndexByte(name, '('); open > 0 { // pay(Pay.java:12), main.(*T).pay(0xc000)
		name = name[:open]
	}
	if generated := bytes.Index(name, []byte("$$")); generated > 0 {
		name = name[:generated]
	}
	for _, c := range name {
		if classes[c] != isDigit {
			dst = append(dst, c)
		}
	}
	return dst
}

// base returns the last part of a path.
func base(path []byte) []byte { return path[bytes.LastIndexByte(path, '/')+1:] }

// general are the classes of exceptions that say nothing without their message.
var general = map[string]bool{
	"Error": true, "Exception": true, "RuntimeException": true, "panic": true, "fatal error": true,
	"java.lang.Exception": true, "java.lang.RuntimeException": true, "java.lang.Error": true, "AxiosError": true,
}

// appendReason appends the class of an exception, and the template of its message when the class alone says nothing.
func appendReason(dst, cause []byte) []byte {
	cause = bytes.TrimPrefix(cause, []byte("Uncaught "))
	if rest, ok := bytes.CutPrefix(cause, []byte("Exception in thread ")); ok {
		_, cause, _ = bytes.Cut(rest, []byte(`" `))
	}
	class, message, _ := bytes.Cut(cause, []byte(":"))
	if general[string(class)] || bytes.IndexByte(class, ' ') >= 0 {
		dst = append(dst, class...)
		if len(message) > 0 {
			dst = appendTemplate(append(dst, ": "...), bytes.TrimSpace(message))
		}
		return dst
	}
	return append(dst, class...)
}
