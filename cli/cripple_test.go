package cli_test

func crippled() {}
