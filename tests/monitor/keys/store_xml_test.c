/* XML keys: what stands around the numbers, and what must not. */
#include "tests/monitor/keys/stores.h"
#include "tests/unit.h"

START_TEST(xml_refuses_all_but_the_element)
{
	static const char *const texts[] = {
	    "<",
	    "<RSAKeyValue>",
	    "<RSAKeyValue/>",
	    "<RSAKeyValue></RSAKeyValue>",
	    "<!DOCTYPE x><RSAKeyValue></RSAKeyValue>",
	    "<DSAKeyValue></DSAKeyValue>",
	    "<RSAKeyValue><Modulus>AQAB</Exponent></RSAKeyValue>",
	    "<RSAKeyValue><Modulus>AQAB</Modulus><Modulus>AQAB</Modulus></RSAKeyValue>",
	    "<RSAKeyValue><Modulus>&amp;</Modulus></RSAKeyValue>",
	    "<RSAKeyValue><Modulus><![CDATA[AQAB]]></Modulus></RSAKeyValue>",
	    "<RSAKeyValue><Other>AQAB</Other></RSAKeyValue>",
	    "<RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue><x>",
	    "<KeyValue><RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue></KeyInfo>",
	    "<KeyInfo><KeyInfo><KeyInfo><RSAKeyValue></RSAKeyValue></KeyInfo></KeyInfo>"
	    "</KeyInfo>",
	    "<?xml version='1.0'",
	    "<!-- ",
	    "<RSAKeyValue><Modulus",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		stores_refuses(span_str(texts[i]), NULL, "/k: ");
}
END_TEST

START_TEST(xml_private_key_wants_all_of_its_numbers)
{
	stores_refuses(stores_changed("xml_rsa2048", "<InverseQ>", "<!--"), NULL,
		       "/k: ");
	stores_refuses(stores_changed("xml_rsa2048", "<D>", "<D>AA=="), NULL, "/k: ");
}
END_TEST

START_TEST(xml_with_a_byte_order_mark_and_attributes_is_taken)
{
	struct span text = stores_changed("xml_rsa2048", "<RSAKeyValue>",
					  "<!-- key --><RSAKeyValue xmlns=\"x:y\" >");
	uint8_t *p = keep(text.n + 3);
	struct key_material m = {0};

	memcpy(p, "\xef\xbb\xbf", 3);
	memcpy(p + 3, text.p, text.n);
	ck_assert_msg(stores_open_span((struct span){p, text.n + 3}, NULL, NULL, &m) ==
			  OK,
		      "%s", stores_note.text);
	stores_is(&m, "openssh_rsa2048.pub", true);
	material_wipe(&m);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_store_xml");
	TCase *t = tcase_create("store_xml");

	tcase_add_test(t, xml_refuses_all_but_the_element);
	tcase_add_test(t, xml_private_key_wants_all_of_its_numbers);
	tcase_add_test(t, xml_with_a_byte_order_mark_and_attributes_is_taken);
	suite_add_tcase(s, t);
	return s;
}
