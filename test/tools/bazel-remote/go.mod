module tools.invalid/bazel-remote

go 1.26

require github.com/buchgr/bazel-remote/v2 v2.6.2
